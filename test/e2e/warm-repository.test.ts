import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { cliWorld, jsonLines } from '../support/cli.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { commitAll, djangoCheckout, filesOf, notInCache } from '../support/django.ts'
import { spawnForewarm } from '../support/process.ts'

/** A real repository of 6,872 files, on a machine that does other things too. */
const SLOW_MS = 400_000

const WORKSPACE = 'django'
const WORKERS = 3

type Ended = {
  readonly state: string
  readonly files: number
  readonly verified: number
  readonly why: string
  readonly requestedAtMs: number
  readonly endedAtMs: number
}
type Count = { readonly outcome: string; readonly detail: string; readonly files: number }
type Line = Record<string, unknown> & { readonly type?: string }

const endedOf = (stdout: string): Ended & { readonly counts: readonly Count[]; readonly id: string } =>
  jsonLines(stdout).findLast(({ type }: Line) => type === 'ended') as never

/** Files that `runs show --json` says are not in the cache, in the order of the plan. */
const notThereOf = (stdout: string): readonly string[] =>
  (JSON.parse(stdout).notThere as readonly { readonly path: string }[]).map(({ path }) => path)

const filesThat = (counts: readonly Count[], ...outcomes: readonly string[]): number =>
  counts.filter(({ outcome }) => outcomes.includes(outcome)).reduce((sum, { files }) => sum + files, 0)

it('embedded: warms a real repository whole, a second run does nothing, and CI mode ends in time', {
  timeout: SLOW_MS,
}, async () => {
  const directory = await djangoCheckout()
  const { folder, writeBeside, run } = cliWorld()
  const file = join(folder, 'forewarm.sqlite')
  writeBeside({
    'forewarm.yaml': JSON.stringify({
      workspaces: { [WORKSPACE]: { origin: { directory } } },
      embedded: { file, cacheBytesMax: 512 * 1_048_576 },
    }),
  })
  const warm = (...args: readonly string[]) =>
    run('--config', 'forewarm.yaml', 'warm', '--workspace', WORKSPACE, '--json', ...args)
  const paths = await filesOf(directory)
  expect(paths.length).toBeGreaterThan(5_000)

  const startedMs = performance.now()
  const first = await warm('--strategy', 'production')
  const firstMs = performance.now() - startedMs
  expect(first.code, first.stderr).toBe(0)
  expect(endedOf(first.stdout)).toMatchObject({ state: 'complete', files: paths.length, verified: paths.length })
  const settings = settingsFrom({ file: { name: 'test', text: JSON.stringify({ embedded: { file } }) } })
  const engines = openEngines(settings, { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  expect(await notInCache(engines.cache(), { workspace: WORKSPACE, directory, paths })).toEqual([])
  await engines.close()

  const againMs = performance.now()
  const second = endedOf((await warm('--strategy', 'production')).stdout)
  const secondMs = performance.now() - againMs
  expect(second.state).toBe('complete')
  expect(filesThat(second.counts, 'present')).toBe(paths.length)
  console.log(
    `embedded: ${paths.length} files warmed and verified in ${Math.round(firstMs)} ms, found again in ${Math.round(secondMs)} ms`,
  )

  await writeFile(join(directory, 'django/urls/base.py'), 'from django.urls import resolvers\n')
  await commitAll(directory, 'second')
  // On a busy machine it ends in time, done or not; what it does in time is test/e2e/warm-ci.test.ts.
  const hurried = endedOf((await warm('--strategy', 'ci', '--changed-since', 'HEAD~1', '--timeout', '5s')).stdout)
  expect(['complete', 'timedOut']).toContain(hurried.state)
  expect(hurried.endedAtMs - hurried.requestedAtMs).toBeLessThanOrEqual(5_000)
  const ci = await warm('--strategy', 'ci', '--changed-since', 'HEAD~1', '--timeout', '120s')
  expect(ci.code, ci.stderr).toBe(0)
  const { counts, files, state } = endedOf(ci.stdout)
  console.log(`ci within 5 s: ${hurried.state}; then ${files} files, ${JSON.stringify(counts)}`)
  expect(state).toBe('complete')
  expect(files).toBeGreaterThan(1)
  expect(filesThat(counts, 'warmed', 'refreshed', 'present')).toBe(files)
})

it('embedded: a run that cannot be done in its time ends in time, as timed out', { timeout: SLOW_MS }, async () => {
  const directory = await djangoCheckout()
  const { folder, writeBeside, run } = cliWorld()
  const slow = "strategies: {slow: {priorityFiles: ['**'], bytesPerSecondMax: 200000, timeLimitMs: 600000}}\n"
  writeBeside({
    'forewarm.yaml': `workspaces: {${WORKSPACE}: {origin: {directory: ${JSON.stringify(directory)}}}}\nembedded: {file: ${JSON.stringify(join(folder, 'f.sqlite'))}}\n${slow}`,
  })
  const args = ['warm', '--workspace', WORKSPACE, '--json', '--strategy', 'slow', '--timeout', '5s']
  const { code, stdout } = await run('--config', 'forewarm.yaml', ...args)
  const { state, counts, files, requestedAtMs, endedAtMs } = endedOf(stdout)
  expect({ code, state }).toEqual({ code: 4, state: 'timedOut' })
  console.log(`--timeout 5s: ended after ${endedAtMs - requestedAtMs} ms`)
  expect(endedAtMs - requestedAtMs).toBeLessThanOrEqual(5_000)
  expect(filesThat(counts, 'skipped')).toBeGreaterThan(0)
  expect(counts.reduce((sum, one) => sum + one.files, 0)).toBe(files)
})

async function deployWithWorkers(directory: string): Promise<Deployment> {
  const nodes = inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`)
  const deployment = await deploy({
    workspaces: new Map([[WORKSPACE, directory]]),
    modelRedisUrls: nodes,
    env: {
      FOREWARM_CACHE__REDIS__URLS: nodes.join(),
      FOREWARM_CACHE__REDIS__CLUSTER: 'true',
      FOREWARM_MODEL__LIMITS__RUN_CHUNK: '256',
      FOREWARM_MODEL__LIMITS__RUN_CHUNKS_MAX: '512',
      FOREWARM_MODEL__LIMITS__RUN_DETAILS_MAX: '4',
      FOREWARM_STRATEGIES: JSON.stringify({ steady: { priorityFiles: ['**'], bytesPerSecondMax: 2_000_000 } }),
    },
  })
  onTestFinished(deployment.close)
  return deployment
}

it('distributed: complete on three workers; partial with a true list when files and a worker go; retry completes it', {
  timeout: SLOW_MS,
}, async () => {
  const directory = await djangoCheckout()
  const deployment = await deployWithWorkers(directory)
  const command = async (...args: readonly string[]) => {
    const child = spawnForewarm(args, { env: { ...deployment.environment } })
    const { code } = await child.exit()
    return { code, stdout: child.stdout(), stderr: child.stderr() }
  }
  await Promise.all([deployment.start('ingest'), deployment.start('predict')])
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => deployment.start('warm')))
  const paths = await filesOf(directory)
  const cache = deployment.engines.cache()

  const production = ['warm', '--workspace', WORKSPACE, '--strategy', 'production', '--json']
  const first = await command(...production)
  expect(first.code, first.stderr).toBe(0)
  const complete = endedOf(first.stdout)
  expect(complete).toMatchObject({ state: 'complete', files: paths.length, verified: paths.length })
  expect(await notInCache(cache, { workspace: WORKSPACE, directory, paths })).toEqual([])
  const second = endedOf((await command(...production)).stdout)
  expect(second.state).toBe('complete')
  expect(filesThat(second.counts, 'present')).toBe(paths.length)

  expect((await command('cache', 'clear', '--workspace', WORKSPACE)).code).toBe(0)
  const steady = spawnForewarm(['warm', '--workspace', WORKSPACE, '--strategy', 'steady', '--json'], {
    env: { ...deployment.environment },
  })
  await steady.line(/"state":"warming".*"percent":[1-9]/)
  const id = String((jsonLines(steady.stdout()).findLast(({ type }: Line) => type === 'progress') as Line)['id'])
  await workers[0]?.kill('SIGKILL')
  // The last of the plan: nobody has come there yet.
  const shown = await command('runs', 'show', id, '--workspace', WORKSPACE, '--json')
  const planned = notThereOf(shown.stdout)
  const [deleted, changed, unreadable] = [planned.slice(-20), planned.slice(-40, -20), planned.slice(-60, -40)]
  for (const path of deleted) await rm(join(directory, path))
  for (const path of changed) await writeFile(join(directory, path), `changed: ${path}\n`)
  // Permissions do not keep root out; a folder in a file's place does.
  for (const path of unreadable) {
    await rm(join(directory, path))
    await mkdir(join(directory, path))
  }
  expect((await steady.exit()).code).toBe(3)
  const partial = endedOf(steady.stdout())
  expect(partial).toMatchObject({ id, state: 'partial', files: paths.length, verified: paths.length - 40 })
  const list = await command('runs', 'show', id, '--workspace', WORKSPACE, '--json')
  const told = new Set(notThereOf(list.stdout))
  expect(told).toEqual(new Set([...deleted, ...unreadable]))
  expect(filesThat(partial.counts, 'missing')).toBe(20)
  expect(filesThat(partial.counts, 'denied', 'failed')).toBe(20)
  const there = paths.filter((path) => !told.has(path))
  expect(await notInCache(cache, { workspace: WORKSPACE, directory, paths: there })).toEqual([])

  for (const path of unreadable) await rm(join(directory, path), { recursive: true })
  for (const path of [...deleted, ...unreadable]) await writeFile(join(directory, path), `back: ${path}\n`)
  const retried = await command('runs', 'retry', id, '--workspace', WORKSPACE, '--json')
  expect(retried.code, retried.stderr).toBe(0)
  expect(endedOf(retried.stdout)).toMatchObject({ state: 'complete', files: 40, verified: 40 })
  expect(await notInCache(cache, { workspace: WORKSPACE, directory, paths })).toEqual([])
})
