import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { recordsOn } from '../support/log-contents.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { startRedis } from '../support/services/redis.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'
import { aCommand, aFile, readOutcomes } from '../support/warm-worker.ts'

/** Far longer than the tests wait: a member that is only gone, and has not left, would hold its partitions. */
const SESSION_TIMEOUT = { FOREWARM_KAFKA__SESSION_TIMEOUT_MS: '120000' }
const HANDOVER_MS_MAX = 60_000
const RECORDS = 300

/** Of 200 files the last is loaded 9 seconds after the first: it is stopped before, however busy the machine is. */
const SLOW = { FOREWARM_WARM__LIMITS__FILES_PER_SECOND_MAX: '20' }

/** A process that does not end in time ends with 3. */
async function endInOrder(process: ForewarmProcess): Promise<void> {
  expect(await process.kill('SIGTERM')).toEqual({ code: 0, signal: null })
}

/** The real process, in which an error that nobody awaits happens at a signal. */
async function startDoomed({ environment }: Deployment): Promise<ForewarmProcess> {
  const code = 'process.on("SIGUSR2", () => { throw new Error("nobody has foreseen this") })'
  const env = { ...environment, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` }
  const doomed = spawnForewarm(['ingest'], { env })
  onTestFinished(async () => void (await doomed.kill()))
  await doomed.line(/"msg":"running"/, HANDOVER_MS_MAX)
  return doomed
}

async function deployed(workspaces: ReadonlyMap<string, string> = new Map()): Promise<Deployment> {
  const deployment = await deploy({ workspaces, env: SESSION_TIMEOUT })
  onTestFinished(deployment.close)
  return deployment
}

describe('the end of a process in the middle of the work', () => {
  it('at SIGTERM ingest ends in order, and its successor goes on at once from where it was', async () => {
    const traffic = createTraffic(newSeed())
    const deployment = await deployed()
    const first = await deployment.start('ingest')
    await deployment.append(traffic.take(RECORDS))
    await eventually(deployment.reached, (reached) => reached > 0, { everyMs: 1 })
    await endInOrder(first)
    await deployment.append(traffic.take(RECORDS))
    expect(await deployment.lag()).toBeGreaterThan(0)
    await deployment.start('ingest')
    await deployment.drain(HANDOVER_MS_MAX)
    await deployment.compareWithOracle()
  })

  it('ingest that an unknown error ends commits nothing, and its successor takes over long before its session would end', async () => {
    const traffic = createTraffic(newSeed())
    const deployment = await deployed()
    const doomed = await startDoomed(deployment)
    await deployment.append(traffic.take(RECORDS))
    await eventually(deployment.reached, (reached) => reached > 0, { everyMs: 1 })
    process.kill(doomed.pid, 'SIGUSR2')
    expect(await doomed.exit()).toEqual({ code: 1, signal: null })
    expect(doomed.stderr()).toContain('nobody has foreseen this')
    await deployment.append(traffic.take(RECORDS))
    await deployment.start('ingest')
    await deployment.drain(HANDOVER_MS_MAX)
    await deployment.compareWithOracle()
  })

  it('at SIGTERM warm ends in order, and its successor carries out the commands that are left', async () => {
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
    const first = await deployment.start('warm', { FOREWARM_WARM__BATCH_RECORDS_MAX: '2', ...SLOW })
    const outcomes = () => readOutcomes(deployment.engines)
    await eventually(outcomes, ({ length }) => length > 0, { everyMs: 1 })
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

  it('at SIGTERM predict ends in order, and its successor follows the open sessions', async () => {
    const traffic = createTraffic(newSeed())
    const deployment = await deployed()
    const first = await deployment.start('predict')
    await deployment.append(traffic.take(RECORDS))
    await endInOrder(first)
    await deployment.start('predict')
  })

  it('at SIGTERM every process ends in order though the Redis of the models is away', async () => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const deployment = await deploy({ modelRedisUrls: [redis.url], env: SESSION_TIMEOUT })
    onTestFinished(deployment.close)
    const roles = ['ingest', 'predict', 'warm', 'gateway'] as const
    const processes = await Promise.all(roles.map((role) => deployment.start(role)))
    await deployment.append(createTraffic(newSeed()).take(RECORDS))
    await deployment.drain()
    await redis.process.kill()
    const ends = await Promise.all(processes.map((process) => process.kill('SIGTERM')))
    expect(ends.map(({ code }, at) => `${roles[at]} ${code}`)).toEqual(roles.map((role) => `${role} 0`))
  })

  it('at SIGTERM gateway answers what it has accepted and ends in order', async () => {
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
    const onLog = await recordsOn(deployment.engines.log, 'access-events')
    expect(onLog.length).toBeGreaterThanOrEqual(accepted)
  })
})
