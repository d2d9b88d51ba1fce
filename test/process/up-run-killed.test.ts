import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunSummary } from '../../src/ports/runs.ts'
import { hasEnded } from '../../src/warming/run/state.ts'
import { eventually } from '../support/eventually.ts'
import { spawnForewarm } from '../support/process.ts'

const FILES = 300
const KILLS = 2

test('a run that the start began ends complete, as one run, though forewarm up is killed on the way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-run-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const directory = join(folder, 'files')
  await mkdir(directory)
  for (let at = 0; at < FILES; at += 1) await writeFile(join(directory, `${at}.txt`), `file ${at} ${'x'.repeat(1_000)}`)
  const settings = {
    embedded: { file: join(folder, 'forewarm.sqlite') },
    workspaces: { shop: { origin: { directory }, atStart: ['slow'] } },
    strategies: { slow: { parallelWorkers: 1, batchSize: 5, bytesPerSecondMax: 150_000 } },
    gateway: { port: 0 },
  }
  // JSON is YAML.
  await writeFile(join(folder, 'forewarm.yaml'), JSON.stringify(settings))
  const up = async () => {
    const child = spawnForewarm(['--config', join(folder, 'forewarm.yaml'), 'up'])
    onTestFinished(async () => {
      await child.kill()
    })
    const { url } = JSON.parse(await child.line(/the gateway listens/))
    const runs = async (): Promise<readonly RunSummary[]> => {
      const answer = await fetch(`${url}/v1/workspaces/shop/runs`)
      return ((await answer.json()) as { readonly runs: readonly RunSummary[] }).runs
    }
    return { child, runs }
  }
  const answered = (run: RunSummary | undefined): number =>
    (run?.counts ?? []).reduce((sum, { outcome, files }) => sum + (outcome === 'pending' ? 0 : files), 0)

  let before = 0
  for (let life = 0; life < KILLS; life += 1) {
    const { child, runs } = await up()
    const [run] = await eventually(runs, ([first]) => answered(first) > before + FILES / 10, { withinMs: 60_000 })
    expect(hasEnded(run?.state ?? 'failed')).toBe(false)
    await child.kill('SIGKILL')
    before = answered(run)
  }
  const { child, runs } = await up()
  const all = await eventually(runs, ([run]) => run !== undefined && hasEnded(run.state), { withinMs: 60_000 })
  expect(all).toHaveLength(1)
  expect(all[0]).toMatchObject({
    state: 'complete',
    strategy: 'slow',
    requestedBy: 'start',
    files: FILES,
    verified: FILES,
  })
  expect(await child.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})
