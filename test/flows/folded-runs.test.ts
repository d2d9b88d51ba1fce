import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { createFoldedRuns } from '../../src/flows/folded-runs.ts'
import type { AccessOutcome } from '../../src/model/access.ts'
import { foldEvent, foldOutcome } from '../../src/model/fold/fold-event.ts'
import { foldedFile, foldedRun } from '../../src/model/fold/run.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import { bucketOf, shardKey, shortId } from '../../src/model/identity.ts'
import { DEFAULT_LIMITS, type ModelLimits } from '../../src/model/limits.ts'
import { takeDirtyRows } from '../../src/model/rows/save.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import { anAccess, anAccessEvent } from '../support/records.ts'
import { runOutcomes } from '../support/run-outcomes.ts'

const LIMITS: ModelLimits = { ...DEFAULT_LIMITS, runDetailsMax: 4, runChunk: 16 }
const ALL_ROWS = 100_000

async function save(store: ModelStore, state: ShardState, shard = 0): Promise<void> {
  const key = shardKey('w', shard)
  const rows = takeDirtyRows(state).map((row) => ({ ...row, shard: shortId(key, sha256Hex) }))
  for (let at = 0; at < rows.length; at += 500) {
    const [expected = null] = await store.fences([bucketOf(key)])
    await store.apply({ bucket: bucketOf(key), expected, next: `${at + 1}`, rows: rows.slice(at, at + 500) })
  }
}

test('whoever looks at a run sees what was folded of it, as a whole and place by place', async () => {
  let [gone, there] = [0, 0]
  await fc.assert(
    fc.asyncProperty(runOutcomes, fc.nat(150), fc.nat(100), async (outcomes, from, count) => {
      const [store, state] = [createMemoryModelStore(), new ShardState(LIMITS, sha256Hex)]
      for (const outcome of outcomes) foldOutcome(state, outcome, { from: 0, rowsMax: ALL_ROWS })
      await save(store, state)
      const runs = createFoldedRuns({ store, sha256Hex, limits: LIMITS })
      for (const run of state.runs.values()) {
        expect(await runs.run('w', run.id)).toEqual(foldedRun(run))
        const expected = Array.from({ length: count }, (_, at) => {
          const chunk = run.chunks.get(Math.floor((from + at) / LIMITS.runChunk))
          if (chunk === undefined || run.leaving) return null
          return foldedFile(run, chunk, (from + at) % LIMITS.runChunk)
        })
        expect(await runs.runFiles({ workspace: 'w', id: run.id }, from, count)).toEqual(expected)
        if (run.leaving) gone += 1
        there += expected.filter((file) => file !== null).length
      }
      expect(await runs.run('w', 'never')).toBeNull()
      expect(await runs.run('another', 'r1')).toBeNull()
      expect(await runs.runFiles({ workspace: 'w', id: 'never' }, 0, 2)).toEqual([null, null])
    }),
    { numRuns: 60 },
  )
  expect(Math.min(gone, there)).toBeGreaterThan(0)
})

test('outcomes of reads by minute are those of all shards together', async () => {
  const limits = { ...DEFAULT_LIMITS, shards: 2 }
  const store = createMemoryModelStore()
  const minuteMs = 29_333_333 * 60_000
  const reads: readonly (readonly [AccessOutcome, number])[] = [
    ['hit', 0],
    ['warmHit', 59_999],
    ['unknown', 1],
    ['miss', 60_000],
  ]
  const accesses = reads.map(([outcome, afterMs]) => anAccess({ outcome, timeMs: minuteMs + afterMs }))
  for (const shard of [0, 1]) {
    const state = new ShardState(limits, sha256Hex)
    foldEvent(state, anAccessEvent({ accesses }), { from: 0, rowsMax: ALL_ROWS })
    await save(store, state, shard)
  }
  const minutes = await createFoldedRuns({ store, sha256Hex, limits }).minutes('w')
  const none = { hit: 0, warmHit: 0, miss: 0, stale: 0 }
  expect(minutes).toEqual(
    new Map([
      [29_333_333, { ...none, hit: 2, warmHit: 2 }],
      [29_333_334, { ...none, miss: 2 }],
    ]),
  )
})
