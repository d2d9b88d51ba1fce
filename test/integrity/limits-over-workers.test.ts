import { expect, it, onTestFinished } from 'vitest'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { commandsFor, makeWarmTree, sendCommands, type WarmTree } from '../support/warm-tree.ts'
import { readOutcomes } from '../support/warm-worker.ts'

const WORKSPACE = 'acme/web'
const WORKERS = 3
const FILES = 300
const FILE_BYTES = 16_384
const ALL_PER_SECOND = 800_000
const RUN_PER_SECOND = 400_000

/** Looks again and again how many bytes have come in, until all have. */
async function follow(deployment: Deployment, keys: WarmTree['keys'], begin: () => Promise<void>) {
  const cache = deployment.engines.cache()
  const looks: { atMs: number; bytes: number }[] = []
  const startedMs = performance.now()
  await begin()
  await eventually(
    async () => {
      const there = (await cache.has(keys)).filter(Boolean).length
      looks.push({ atMs: performance.now() - startedMs, bytes: there * FILE_BYTES })
      return there
    },
    (there) => there === keys.length,
    { what: 'all values', withinMs: 60_000, everyMs: 50 },
  )
  return looks
}

/** What could have been put at the most by then: a second's worth at once, then the rate; and what workers hold ahead. */
function most(perSecond: number, ahead: number, atMs: number): number {
  return perSecond + (perSecond * atMs) / 1_000 + ahead
}

it('three workers on real servers keep one limit together, and the limit of one run', async () => {
  const tree = await makeWarmTree(WORKSPACE, { files: FILES, bytes: FILE_BYTES })
  const deployment = await deploy({ workspaces: new Map([[WORKSPACE, tree.directory]]), partitions: 8 })
  onTestFinished(deployment.close)
  const limits = { FOREWARM_WARM__LIMITS__BYTES_PER_SECOND_MAX: String(ALL_PER_SECOND) }
  for (let worker = 0; worker < WORKERS; worker += 1) await deployment.start('warm', limits)
  const paths = [...tree.files.keys()]
  const split = FILES * 0.6
  const free = commandsFor(paths.slice(0, split), 5, { workspace: WORKSPACE })
  const looks = await follow(deployment, tree.keys.slice(0, split), () => sendCommands(deployment, free))
  const ahead = WORKERS * ALL_PER_SECOND * 0.1
  for (const { atMs, bytes } of looks) expect(bytes).toBeLessThanOrEqual(most(ALL_PER_SECOND, ahead, atMs))

  const run = { workspace: WORKSPACE, id: 'run', runId: 'run', bytesPerSecondMax: RUN_PER_SECOND }
  const bounded = commandsFor(paths.slice(split), 5, run)
  const runLooks = await follow(deployment, tree.keys.slice(split), () => sendCommands(deployment, bounded))
  for (const { atMs, bytes } of runLooks) expect(bytes).toBeLessThanOrEqual(most(RUN_PER_SECOND, 0, atMs))

  const outcomes = await eventually(
    () => readOutcomes(deployment.engines),
    (all) => all.length === free.length + bounded.length,
    { what: 'an outcome of every command' },
  )
  expect(new Set(outcomes.map(({ worker }) => worker)).size).toBe(WORKERS)
  const kinds = new Set(outcomes.flatMap(({ files }) => files.map(({ outcome }) => outcome)))
  expect(kinds).toEqual(new Set(['warmed']))
  const rates = [looks, runLooks].map((all) => {
    const { atMs = 1, bytes = 0 } = all.at(-1) ?? {}
    return `${Math.round(bytes / 1_000)} KB in ${Math.round(atMs)} ms`
  })
  console.log(`at 800 KB/s for all: ${rates[0]}; at 400 KB/s for one run: ${rates[1]}`)
})
