import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createFoldedRuns } from '../../src/flows/folded-runs.ts'
import { appendRequest } from '../../src/flows/run-requests.ts'
import { createRunReader } from '../../src/flows/runs.ts'
import { CONTENT_LAYER } from '../../src/ports/layer.ts'
import type { RunFile, RunSummary } from '../../src/ports/runs.ts'
import { valueKey } from '../../src/warming/cache-key.ts'
import { hasEnded } from '../../src/warming/run/state.ts'
import { completeStrategy, NO_FIELDS } from '../../src/warming/strategy/strategy.ts'
import { toWarmRequest } from '../../src/warming/strategy/to-run-spec.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'

const WORKSPACE = 'acme/web'
const FILES = 500
const FILE_BYTES = 4_096
const WORKERS = 3

/** The run must still be under way when its coordinator dies. */
const SLOW = { parallelWorkers: 2, batchSize: 6, bytesPerSecondMax: 500_000 }

type Tree = { readonly directory: string; readonly files: ReadonlyMap<string, Uint8Array> }

async function makeTree(): Promise<Tree> {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-run-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, 'src'))
  const files = new Map(Array.from({ length: FILES }, (_, at) => [`src/${at}.bin`, randomBytes(FILE_BYTES)]))
  for (const [path, bytes] of files) await writeFile(join(directory, path), bytes)
  return { directory, files }
}

async function ask({ engines: { log, codec } }: Deployment, id: string): Promise<void> {
  const strategy = completeStrategy('slow', [{ ...NO_FIELDS, ...SLOW }])
  const request = { id, workspace: WORKSPACE, revision: null, requestedAtMs: Date.now(), requestedBy: 'a test' }
  await appendRequest({ log, codec }, toWarmRequest(strategy, request))
}

it('a run whose coordinator is killed goes on in another process, and every file is in the cache at its end', async () => {
  const tree = await makeTree()
  const deployment = await deploy({
    workspaces: new Map([[WORKSPACE, tree.directory]]),
    modelRedisUrls: inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`),
    env: { FOREWARM_MODEL__LIMITS__RUN_CHUNK: '256', FOREWARM_MODEL__LIMITS__RUN_CHUNKS_MAX: '64' },
  })
  onTestFinished(deployment.close)
  const { engines, settings } = deployment
  const store = engines.store()
  const folded = createFoldedRuns({ store, sha256Hex, limits: settings.model.limits })
  const runs = createRunReader({ notes: store.notes, folded })
  const run = async (): Promise<RunSummary> => {
    const found = await runs.show(WORKSPACE, 'run-1')
    if (found === null) throw new Error('there is no such run yet')
    return found
  }
  const answered = ({ counts }: RunSummary) =>
    counts.reduce((sum, { outcome, files }) => sum + (outcome === 'pending' ? 0 : files), 0)

  const roles = ['ingest', ...Array.from({ length: WORKERS }, () => 'warm' as const)] as const
  const coordinators = ['predict', 'predict'] as const
  await Promise.all(roles.map((role) => deployment.start(role)))
  const predictors = await Promise.all(coordinators.map((role) => deployment.start(role)))
  await ask(deployment, 'run-1')

  const begun = await eventually(run, (found) => answered(found) > FILES / 5, { what: 'a fifth', withinMs: 60_000 })
  expect(hasEnded(begun.state)).toBe(false)
  const isCoordinator = predictors.map((process) => process.stderr().includes('"msg":"a run begins"'))
  const victim = predictors[isCoordinator.indexOf(true)]
  const other = predictors[isCoordinator.indexOf(false)]
  await victim?.kill('SIGKILL')
  const killed = await run()
  expect(hasEnded(killed.state), 'killed in the middle of the run').toBe(false)

  const end = await eventually(run, ({ state }) => hasEnded(state), { what: 'the end of the run', withinMs: 90_000 })
  console.log(
    `killed after ${answered(killed)} of ${FILES} files; ended ${end.state} after ${(end.endedAtMs ?? 0) - end.requestedAtMs} ms`,
  )
  expect(end).toMatchObject({ state: 'complete', files: FILES, verified: FILES })
  // It writes the line a moment after what is seen of it in the store.
  await other?.line(/"msg":"a run has ended"/)
  const files: RunFile[] = []
  for await (const chunk of runs.files(WORKSPACE, 'run-1')) files.push(...chunk)
  expect(new Set(files.map(({ path }) => path))).toEqual(new Set(tree.files.keys()))
  expect(files.every(({ outcome, verified }) => verified && ['warmed', 'present'].includes(outcome))).toBe(true)
  for (const [path, bytes] of tree.files) {
    const name = { workspace: WORKSPACE, layer: 'content', producerVersion: CONTENT_LAYER.version, path }
    const entry = await engines.cache().get(valueKey({ ...name, version: blobId(bytes) }, sha256Hex))
    expect(entry && Buffer.compare(entry.value, bytes), path).toBe(0)
  }
})
