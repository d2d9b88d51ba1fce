import { expect, test } from 'vitest'
import { createMemoryTelemetry } from '../../src/adapters/memory/telemetry.ts'
import { boundedWorkspaces } from '../../src/adapters/telemetry/bounded-workspaces.ts'
import { ProofWatch } from '../../src/flows/ingest/proof-watch.ts'
import { WarmingEvidence } from '../../src/model/fold/evidence.ts'
import { Tallies } from '../../src/model/fold/tallies.ts'
import { prove } from '../../src/model/proof.ts'
import type { Log } from '../../src/ports/telemetry.ts'

/** A workspace of which half of 40 treated files' reads are hits, a quarter of the control group's. */
function learnedWith(hits: number, wasted: number) {
  const [tallies, warming] = [new Tallies(), new WarmingEvidence()]
  for (let n = 0; n < hits + wasted; n += 1) {
    const verdict = n < hits ? 'hit' : 'wasted'
    tallies.count('sequence', 'warmed', verdict)
    warming.settle(1_000, verdict)
  }
  for (let read = 0; read < 480; read += 1) {
    warming.read('treated', read % 40, read % 80 < 40)
    warming.read('control', read % 40, read % 160 < 40)
  }
  const treated = { hit: 100, warmHit: 100, miss: 200, stale: 0 }
  return { accesses: 960, files: 80, closedSessions: 1, proof: prove({ tallies, treated, warming }) }
}

function watchOf(target: number) {
  const telemetry = createMemoryTelemetry()
  const lines: string[] = []
  const told = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const logger: Log = { debug: told('debug'), info: told('info'), warn: told('warn'), error: told('error') }
  let learned: ReturnType<typeof learnedWith> | null = null
  const models = { learned: async () => learned }
  const ours = new Set(['shop'])
  const isOurs = (workspace: string) => ours.has(workspace)
  const watch = new ProofWatch({ models, telemetry, logger, accuracyTarget: () => target, isOurs })
  const look = async (next: typeof learned) => {
    learned = next
    await watch.look(['shop'])
  }
  const lose = async () => {
    ours.clear()
    await watch.look([])
  }
  return { look, lose, last: telemetry.level, lines, telemetry }
}

test('nothing is told any more of a workspace that went to another process, and no word of recovery', async () => {
  const { look, lose, last, lines, telemetry } = watchOf(0.7)
  await look(learnedWith(65, 35))
  expect(last('forewarm.accuracy.low', { workspace: 'shop' })).toBe(1)
  await lose()
  expect(new Set(telemetry.measures.map(({ metric }) => metric)).size).toBe(6)
  for (const { metric, attributes } of telemetry.measures) expect(last(metric, attributes), metric).toBeNull()
  expect(lines).toHaveLength(1)
})

test('an accuracy of late that cannot be told any more is not told any more', async () => {
  const { look, last } = watchOf(0.7)
  await look(learnedWith(75, 25))
  const recent = { workspace: 'shop', window: 'recent' }
  expect(last('forewarm.accuracy', recent)).toBe(0.75)
  await look(learnedWith(3, 1))
  expect(last('forewarm.accuracy', recent)).toBeNull()
  expect(last('forewarm.accuracy', { workspace: 'shop', window: 'all' })).toBe(0.75)
})

test('a workspace that falls below its target is warned of once, and once it is told to be well again', async () => {
  const { look, last, lines } = watchOf(0.7)
  await look(learnedWith(80, 20))
  expect(last('forewarm.accuracy.low', { workspace: 'shop' })).toBe(0)
  for (let round = 0; round < 3; round += 1) await look(learnedWith(65, 35))
  await look(learnedWith(71, 29))
  expect(last('forewarm.accuracy.low', { workspace: 'shop' })).toBe(1)
  expect(lines).toEqual([
    'warn predictions of a workspace are less accurate than wanted {"workspace":"shop","accuracy":0.65,"target":0.7,"settled":100}',
  ])
  for (let round = 0; round < 2; round += 1) await look(learnedWith(80, 20))
  expect(last('forewarm.accuracy.low', { workspace: 'shop' })).toBe(0)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatch(/^info .* accurate again/)
})

test('a lower target of its own is held, and too little to tell warns of nothing', async () => {
  const lower = watchOf(0.3)
  await lower.look(learnedWith(40, 60))
  const little = watchOf(0.7)
  await little.look(learnedWith(0, 99))
  await little.look(null)
  expect([...lower.lines, ...little.lines]).toEqual([])
  expect(little.last('forewarm.accuracy.low', { workspace: 'shop' })).toBeNull()
  expect(little.last('forewarm.accuracy', { workspace: 'shop', window: 'all' })).toBe(0)
})

test('what warming brought is told with its bounds', async () => {
  const { look, last } = watchOf(0.7)
  await look(learnedWith(75, 25))
  const shop = { workspace: 'shop' }
  expect(last('forewarm.accuracy', { ...shop, window: 'recent' })).toBe(0.75)
  expect(last('forewarm.timeliness', { ...shop, window: 'all' })).toBe(1)
  expect(last('forewarm.hit_rate', { ...shop, warming: 'with', bound: 'estimate' })).toBe(0.5)
  expect(last('forewarm.hit_rate', { ...shop, warming: 'without', bound: 'estimate' })).toBe(0.25)
  expect(last('forewarm.misses_prevented', { ...shop, bound: 'estimate' })).toBe(100)
  expect(last('forewarm.coverage', { ...shop, bound: 'estimate' })).toBeCloseTo(1 / 3)
  expect(last('forewarm.coverage', { ...shop, bound: 'low' })).toBeLessThan(1 / 3)
  expect(last('forewarm.coverage', { ...shop, bound: 'high' })).toBeGreaterThan(1 / 3)
})

test('a flood of workspaces makes no flood of series: counts are added up, gauges left out', () => {
  const telemetry = createMemoryTelemetry()
  const measure = boundedWorkspaces(telemetry.measure, 3)
  for (let at = 0; at < 10; at += 1) {
    measure('forewarm.settlements', 1, { workspace: `w${at}`, verdict: 'hit' })
    measure('forewarm.accuracy', 1, { workspace: `w${at}` })
  }
  measure('forewarm.settlements', 1, { workspace: 'w0', verdict: 'hit' })
  expect(new Set(telemetry.measures.map(({ attributes }) => attributes['workspace']))).toEqual(
    new Set(['w0', 'w1', 'w2', 'other']),
  )
  expect(telemetry.total('forewarm.settlements', { workspace: 'other', verdict: 'hit' })).toBe(7)
  expect(telemetry.total('forewarm.settlements', { workspace: 'w0' })).toBe(2)
  expect(telemetry.measures.filter(({ metric }) => metric === 'forewarm.accuracy')).toHaveLength(3)
})
