import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import type { ForewarmProcess } from '../support/process.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'
import { aCommand, aFile, readOutcomes } from '../support/warm-worker.ts'

const END_MS_MAX = 10_000
/** Far longer than the tests wait: a member that is only gone, and has not left, would hold its partitions. */
const SESSION_TIMEOUT = { FOREWARM_KAFKA__SESSION_TIMEOUT_MS: '120000' }
const HANDOVER_MS_MAX = 20_000
const RECORDS = 300

async function endInOrder(process: ForewarmProcess): Promise<void> {
  const startedMs = performance.now()
  expect(await process.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(performance.now() - startedMs).toBeLessThan(END_MS_MAX)
}

async function deployed(workspaces: ReadonlyMap<string, string> = new Map()): Promise<Deployment> {
  const deployment = await deploy({ workspaces, env: SESSION_TIMEOUT })
  onTestFinished(deployment.close)
  return deployment
}

describe('SIGTERM in the middle of the work', () => {
  it('ingest ends in order, and its successor goes on at once from where it was', async () => {
    const traffic = createTraffic(newSeed())
    const deployment = await deployed()
    const first = await deployment.start('ingest')
    await deployment.append(traffic.take(RECORDS))
    await eventually(deployment.reached, (reached) => reached > 0, { everyMs: 1, withinMs: 20_000 })
    await endInOrder(first)
    await deployment.append(traffic.take(RECORDS))
    expect(await deployment.lag()).toBeGreaterThan(0)
    await deployment.start('ingest')
    await deployment.drain(HANDOVER_MS_MAX)
    await deployment.compareWithOracle()
  })

  it('warm ends in order, and its successor carries out the commands that are left', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'forewarm-drain-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const names = Array.from({ length: 200 }, (_, at) => `${at}.ts`)
    for (const name of names) await writeFile(join(directory, name), name.repeat(1_000))
    const deployment = await deployed(new Map([['shop', directory]]))
    const { log, codec } = deployment.engines
    const send = async (path: string) => {
      const value = await codec.encode('warm-commands', aCommand({ id: path, files: [aFile({ path })] }))
      return { key: path, value, headers: new Map<string, string>() }
    }
    await log.append('warm-commands', await Promise.all(names.map(send)))
    const first = await deployment.start('warm', { FOREWARM_WARM__BATCH_RECORDS_MAX: '2' })
    const outcomes = () => readOutcomes(deployment.engines)
    await eventually(outcomes, ({ length }) => length > 0, { everyMs: 1, withinMs: 20_000 })
    await endInOrder(first)
    const before = (await outcomes()).map(({ commandId }) => commandId)
    expect(before.length).toBeLessThan(names.length)
    await deployment.start('warm')
    const after = await eventually(outcomes, ({ length }) => length >= names.length, {
      ...{ what: 'the outcomes that were left', withinMs: HANDOVER_MS_MAX },
    })
    // What was in hand was finished and committed: nothing is carried out twice.
    expect(after.map(({ commandId }) => commandId).sort()).toEqual([...names].sort())
  })

  it('predict ends in order, and its successor follows the open sessions', async () => {
    const traffic = createTraffic(newSeed())
    const deployment = await deployed()
    const first = await deployment.start('predict')
    await deployment.append(traffic.take(RECORDS))
    await endInOrder(first)
    const started = performance.now()
    await deployment.start('predict')
    expect(performance.now() - started).toBeLessThan(HANDOVER_MS_MAX)
  })

  it('gateway answers what it has accepted and ends in order', async () => {
    const deployment = await deployed()
    const gateway = await deployment.start('gateway')
    const { url } = JSON.parse(await gateway.line(/"url":/))
    const accesses = Array.from({ length: 500 }, (_, at) => ({ path: `src/${at}.ts`, timeMs: at }))
    const answers = Array.from({ length: 8 }, (_, at) =>
      fetch(`${url}/v1/workspaces/shop/accesses`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ session: `s${at}`, analyzer: 'tsc', publisher: 'p', sequence: 0, accesses }),
      }).then(
        ({ status }) => status,
        () => 'refused',
      ),
    )
    await Promise.race(answers)
    await endInOrder(gateway)
    const accepted = (await Promise.all(answers)).filter((status) => status === 202).length
    expect(accepted).toBeGreaterThan(0)
    let onLog = 0
    for (let partition = 0; partition < 4; partition += 1) {
      for await (const _ of deployment.engines.log.read({ topic: 'access-events', partition }, 0)) onLog += 1
    }
    expect(onLog).toBeGreaterThanOrEqual(accepted)
  })
})
