import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { createFoldedRuns } from '../../src/flows/folded-runs.ts'
import { createRunReader } from '../../src/flows/runs.ts'
import { foldEvent, foldOutcome } from '../../src/model/fold/fold-event.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import { bucketOf, shardKey, shortId } from '../../src/model/identity.ts'
import { DEFAULT_LIMITS, type ModelLimits } from '../../src/model/limits.ts'
import type { WarmedFile, WarmOutcomeKind } from '../../src/model/outcome.ts'
import { takeDirtyRows } from '../../src/model/rows/save.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import type { RunFile, RunReader } from '../../src/ports/runs.ts'
import { endOf, tallyOf } from '../../src/warming/run/end.ts'
import { encodeChunk, encodeHeader, endNote, planNote, runGroup, runsGroup } from '../../src/warming/run/notes.ts'
import { PLAN_CHUNK, type PlanEntry, type RestReason, type RunHeader } from '../../src/warming/run/plan.ts'
import { anAccess, anAccessEvent } from '../support/records.ts'

const NOW = 1_760_000_000_000
const MINUTE = 60_000
const LIMITS: ModelLimits = { ...DEFAULT_LIMITS, runDetailsMax: 2 }

const headerOf = (id: string, fields: Partial<RunHeader>): RunHeader => ({
  ...{ id, workspace: 'w', strategy: 'production', requestedBy: 'me', revision: null, layers: ['content'] },
  ...{ requestedAtMs: NOW, deadlineMs: NOW + 60 * MINUTE, state: 'warming', why: '', planned: null, rest: null },
  spec: {
    ...{ selectors: [], dependencyDepth: 2, parallelWorkers: 4, batchSize: 50, predictivePrefetch: false },
    ...{ accessPatternLearning: true, pressureMax: 0.8, filesMax: 0, bytesMax: 0, bytesPerSecondMax: 0 },
    ...{ aggressiveness: 'medium', check: false, retryOf: null },
  },
  ...{ batchSize: 50, endedAtMs: null, tally: null },
  ...fields,
})

const entry = (at: number): PlanEntry => ({
  ...{ path: `src/file-${at}.ts`, layer: at % 2 === 0 ? 'content' : 'ast', reason: 'glob', depth: 0 },
  ...{ probability: 1, expectedAtMs: NOW, horizonAtMs: 0 },
})

/** A store with what predict notes and what ingest folds, and its reader. */
class World {
  readonly store: ModelStore = createMemoryModelStore()
  readonly state = new ShardState(LIMITS, sha256Hex)
  readonly reader: RunReader
  readonly folded = createFoldedRuns({ store: this.store, sha256Hex, limits: LIMITS })
  #writes = 0

  constructor() {
    this.reader = createRunReader({ notes: this.store.notes, folded: this.folded })
  }

  async plan(id: string, files: number, within: number, fields: Partial<RunHeader> = {}): Promise<RunHeader> {
    const planned = { plan: 'p', files, filesWithin: within, filesNear: within, plannedAtMs: NOW + 1 }
    const header = headerOf(id, { planned, ...fields })
    for (let chunk = 0; chunk * PLAN_CHUNK < files; chunk += 1) {
      const places = Array.from({ length: Math.min(PLAN_CHUNK, files - chunk * PLAN_CHUNK) }, (_, at) => at)
      const value = encodeChunk(places.map((at) => entry(chunk * PLAN_CHUNK + at)))
      await this.store.notes.put(runGroup('w', id), [{ name: planNote('p', chunk), value }])
    }
    await this.note(header)
    return header
  }

  async note(header: RunHeader): Promise<void> {
    const name = header.endedAtMs === null ? header.id : endNote(header.id)
    await this.store.notes.put(runsGroup('w'), [{ name, value: encodeHeader(header) }])
  }

  async answer(id: string, mode: 'warm' | 'check', first: number, kinds: readonly WarmOutcomeKind[]): Promise<void> {
    const files = kinds.map((outcome, at): WarmedFile => {
      const { path, layer, reason } = entry(first + at)
      const detail = outcome === 'skipped' || outcome === 'failed' ? 'origin' : ''
      const put = outcome === 'warmed' || outcome === 'refreshed' ? 7 : 0
      const course = { finishedAtMs: NOW + 2, reason, probability: 1, horizonAtMs: 0 }
      return { path, layer, version: 'v1', outcome, detail, bytes: put, ...course }
    })
    const command = { commandId: `${id}/${first}`, workspace: 'w', shard: 0, runId: id, worker: 'w', issuedAtMs: NOW }
    const outcome = { ...command, mode, firstFile: first, pressure: 0.25, files }
    foldOutcome(this.state, outcome, { from: 0, rowsMax: 100_000 })
    await this.save()
  }

  async save(): Promise<void> {
    const key = shardKey('w', 0)
    const rows = takeDirtyRows(this.state).map((row) => ({ ...row, shard: shortId(key, sha256Hex) }))
    const [expected = null] = await this.store.fences([bucketOf(key)])
    this.#writes += 1
    await this.store.apply({ bucket: bucketOf(key), expected, next: `${this.#writes}`, rows })
  }

  /** Ends a run as its coordinator does. */
  async end(header: RunHeader, rest: RestReason | null): Promise<RunHeader> {
    const ended = { ...header, rest, endedAtMs: NOW + 3 }
    const done = tallyOf(ended, await this.folded.run('w', header.id))
    const last = { ...ended, ...endOf(ended, done), tally: done }
    await this.note(last)
    return last
  }

  async files(id: string): Promise<RunFile[]> {
    const files: RunFile[] = []
    for await (const chunk of this.reader.files('w', id)) files.push(...chunk)
    return files
  }
}

const countsOf = (files: readonly RunFile[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { outcome, detail } of files) {
    counts.set(`${outcome}/${detail}`, (counts.get(`${outcome}/${detail}`) ?? 0) + 1)
  }
  return counts
}

/** Summary and files say the same, and add up to the plan. */
async function agrees(world: World, id: string, planned: number): Promise<void> {
  const [summary, files] = [await world.reader.show('w', id), await world.files(id)]
  expect(files.map(({ path }) => path)).toEqual(Array.from({ length: planned }, (_, at) => entry(at).path))
  const counts = new Map(summary?.counts.map(({ outcome, detail, files: count }) => [`${outcome}/${detail}`, count]))
  expect(counts).toEqual(countsOf(files))
  expect(summary?.verified).toBe(files.filter(({ verified }) => verified).length)
  expect(summary?.bytes).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0))
}

const kind = fc.constantFrom('warmed', 'refreshed', 'present', 'skipped', 'failed', 'missing')
const course = fc.record({
  files: fc.oneof(fc.nat(20), fc.integer({ min: 490, max: 1_100 })),
  within: fc.double({ min: 0, max: 1, noNaN: true }),
  check: fc.boolean(),
  steps: fc.array(
    fc.record({
      mode: fc.constantFrom('warm', 'check'),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      kinds: fc.array(kind, { minLength: 1, maxLength: 80 }),
      cold: fc.boolean(),
    }),
    { maxLength: 12 },
  ),
  rest: fc.constantFrom('pressure', 'deadline', 'cancelled', 'paused'),
} as const)

describe('what is told of a run', () => {
  test('adds up to its plan at every moment, as a whole and file by file', async () => {
    await fc.assert(
      fc.asyncProperty(course, async ({ files, within, check, steps, rest }) => {
        const world = new World()
        const filesWithin = Math.round(within * files)
        const { spec } = headerOf('r', {})
        const header = await world.plan('r', files, filesWithin, { spec: { ...spec, check } })
        await agrees(world, 'r', files)
        for (const { mode, at, kinds, cold } of steps) {
          const first = Math.floor(at * filesWithin)
          const asked = kinds.slice(0, filesWithin - first)
          const looked = asked.map((one): WarmOutcomeKind => (cold && one === 'warmed' ? 'cold' : 'present'))
          // A run that only checks warms nothing.
          const isCheck = check || mode === 'check'
          await world.answer('r', isCheck ? 'check' : 'warm', first, isCheck ? looked : asked)
          await agrees(world, 'r', files)
        }
        await world.end(header, rest)
        await agrees(world, 'r', files)
      }),
      { numRuns: 150 },
    )
  })

  test('begins with everything pending, and with nothing while the plan is made', async () => {
    const world = new World()
    await world.note(headerOf('planning', { state: 'planning', requestedAtMs: NOW - 1 }))
    await world.plan('warming', 3, 2)
    const [warming, planning] = await world.reader.list('w')
    expect(planning).toMatchObject({ id: 'planning', files: null, counts: [], startedAtMs: null, endedAtMs: null })
    expect(warming).toMatchObject({ id: 'warming', files: 3, verified: 0, bytes: 0, pressure: 0, startedAtMs: NOW + 1 })
    expect(warming?.counts).toEqual([
      { outcome: 'pending', detail: '', files: 2 },
      { outcome: 'skipped', detail: 'limit', files: 1 },
    ])
    expect(await world.files('planning')).toEqual([])
    expect(await world.reader.show('w', 'none')).toBeNull()
    expect(await world.files('none')).toEqual([])
    expect(await world.reader.list('another')).toEqual([])
  })

  test('says which files were lost between their warming and the check', async () => {
    const world = new World()
    const header = await world.plan('r', 3, 3)
    await world.answer('r', 'warm', 0, ['warmed', 'present', 'failed'])
    await world.answer('r', 'check', 0, ['cold', 'present'])
    await world.end(header, null)
    expect(await world.reader.show('w', 'r')).toMatchObject({
      ...{ state: 'partial', why: '1 failed (evicted), 1 failed (origin)', verified: 1, bytes: 7, pressure: 0.25 },
    })
    const ends = (await world.files('r')).map(({ outcome, detail, verified }) => `${outcome} ${detail} ${verified}`)
    expect(ends).toEqual(['failed evicted false', 'present  true', 'failed origin false'])
  })

  test('keeps the counts of an older run, and says that its files are forgotten', async () => {
    const world = new World()
    for (const id of ['r1', 'r2', 'r3']) {
      const header = await world.plan(id, 2, 1)
      await world.answer(id, 'warm', 0, ['warmed'])
      await world.end(header, null)
    }
    expect((await world.files('r1')).map(({ outcome, detail }) => `${outcome} ${detail}`)).toEqual([
      'forgotten ',
      'skipped limit',
    ])
    expect((await world.reader.show('w', 'r1'))?.counts).toContainEqual({ outcome: 'warmed', detail: '', files: 1 })
    expect((await world.files('r3'))[0]?.outcome).toBe('warmed')
  })

  test('shows the hit rate of the ten whole minutes before and after', async () => {
    const world = new World()
    const start = Math.floor(NOW / MINUTE) * MINUTE
    const read = (atMs: number, outcome: 'hit' | 'warmHit' | 'miss' | 'stale') => anAccess({ timeMs: atMs, outcome })
    const accesses = [
      read(start - 10 * MINUTE - 1, 'hit'),
      read(start - 10 * MINUTE, 'miss'),
      read(start - 5 * MINUTE, 'stale'),
      read(start - 1, 'hit'),
      read(start, 'hit'),
      read(start + MINUTE, 'warmHit'),
      read(start + 11 * MINUTE - 1, 'hit'),
      read(start + 11 * MINUTE, 'miss'),
    ]
    foldEvent(world.state, anAccessEvent({ accesses }), { from: 0, rowsMax: 100_000 })
    await world.save()
    const header = await world.plan('r', 0, 0)
    const hitRate = async () => (await world.reader.show('w', 'r'))?.hitRate
    expect(await hitRate()).toEqual({ before: { rate: 1 / 3, reads: 3 }, after: null })
    await world.end(header, null)
    expect(await hitRate()).toEqual({ before: { rate: 1 / 3, reads: 3 }, after: { rate: 1, reads: 2 } })
  })
})
