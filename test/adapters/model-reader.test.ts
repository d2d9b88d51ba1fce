import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { createModelReader } from '../../src/adapters/near-cache/model-reader.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { foldEvent } from '../../src/model/fold/fold-event.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import { bucketOf, shardKey, shardOf, shortId } from '../../src/model/identity.ts'
import { DEFAULT_LIMITS } from '../../src/model/limits.ts'
import { takeDirtyRows } from '../../src/model/rows/save.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'

const NOW = 1_700_000_000_000

const event = (session: string, paths: readonly string[], startMs: number): AccessEvent => ({
  workspace: 'w',
  session,
  analyzer: 'tsc',
  revision: null,
  publisher: session,
  sequence: 0,
  sessionEnded: true,
  forget: false,
  changes: [],
  accesses: paths.map((path, index) => ({
    path,
    timeMs: startMs + index * 10,
    layer: 'content',
    version: null,
    outcome: 'unknown' as const,
    warmedBy: null,
  })),
})

/** Folds events into their shards and writes each shard's rows to the store, as ingest does. */
async function learn(store: ModelStore, events: readonly AccessEvent[], shards: number): Promise<void> {
  const limits = { ...DEFAULT_LIMITS, shards }
  for (let shard = 0; shard < shards; shard += 1) {
    const state = new ShardState(limits, sha256Hex)
    const mine = events.filter(({ session }) => shardOf(session, shards) === shard)
    for (const one of mine) foldEvent(state, one, { from: 0, rowsMax: 100_000 })
    const key = shardKey('w', shard)
    const rows = takeDirtyRows(state).map((row) => ({ ...row, shard: shortId(key, sha256Hex) }))
    const result = await store.apply({ bucket: bucketOf(key), expected: null, next: '1.0/0.0', rows })
    expect(result.applied).toBe(true)
  }
}

const readerOf = (store: ModelStore, shards: number, now = () => NOW) =>
  createModelReader(store, { limits: { ...DEFAULT_LIMITS, shards }, sha256Hex, now, freshMs: 1_000, entriesMax: 1_000 })

describe('the model reader', () => {
  it.each([1, 4])('shows files, profile and sequences as they were folded over %i shards', async (shards) => {
    const store = createMemoryModelStore()
    const events = Array.from({ length: 8 }, (_, n) => event(`s${n}`, ['a', 'b', `only${n}`], NOW - (8 - n) * 60_000))
    await learn(store, events, shards)
    const reader = readerOf(store, shards)
    const a = await reader.file('w', 'a')
    expect(a).toMatchObject({ path: 'a', frequency: 8, lastAccessMs: NOW - 60_000 })
    expect(a?.accessTimes).toHaveLength(8)
    expect(a?.coAccess.find(({ path }) => path === 'b')?.count).toBe(8)
    expect(a?.successors).toEqual([{ path: 'b', count: 8 }])
    expect([...(a?.hoursOfDay.values() ?? [])].reduce((sum, count) => sum + count, 0)).toBe(8)
    const profile = await reader.profile('w', 'tsc')
    expect(profile?.sessions).toBe(8)
    expect(new Map(profile?.files.map(({ path, count }) => [path, count])).get('b')).toBe(8)
    const sequences = await reader.sequences('w', 'tsc', 2)
    expect(sequences.map((sequence) => sequence.map(({ path }) => path))).toEqual([
      ['a', 'b', 'only7'],
      ['a', 'b', 'only6'],
    ])
    const closed = await reader.closedSessions('w', 3)
    expect(closed.map(({ session, analyzer }) => [session, analyzer])).toEqual([
      ['s5', 'tsc'],
      ['s6', 'tsc'],
      ['s7', 'tsc'],
    ])
    expect(closed.at(-1)?.reads.map(({ path }) => path)).toEqual(['a', 'b', 'only7'])
    expect(await reader.learned('w')).toMatchObject({
      accesses: 24,
      files: shards === 1 ? 10 : expect.any(Number),
      closedSessions: 8,
    })
    const scanned: string[] = []
    for await (const files of reader.files('w')) scanned.push(...files.map(({ path }) => path))
    expect(scanned.sort()).toEqual(['a', 'b', ...Array.from({ length: 8 }, (_, n) => `only${n}`)])
  })

  it('answers nothing for what was never read, and fades what was read long ago', async () => {
    const store = createMemoryModelStore()
    await learn(store, [event('s', ['a', 'a', 'b', 'a', 'b'], NOW)], 1)
    const later = readerOf(store, 1, () => NOW + DEFAULT_LIMITS.halfLifeMs)
    expect((await later.file('w', 'a'))?.frequency).toBe(1)
    expect((await readerOf(store, 1, () => NOW + DEFAULT_LIMITS.memoryMs * 2).file('w', 'a'))?.frequency).toBe(0)
    expect(await later.file('w', 'never')).toBeNull()
    expect(await later.profile('other', 'tsc')).toBeNull()
    expect(await later.sequences('w', 'other', 3)).toEqual([])
  })

  it('sees what ingest has learned since, once its own copy is no longer fresh', async () => {
    const store = createMemoryModelStore()
    let nowMs = NOW
    const reader = readerOf(store, 1, () => nowMs)
    expect(await reader.file('w', 'a')).toBeNull()
    await learn(store, [event('s', ['a'], NOW)], 1)
    nowMs += 1_500
    expect((await reader.file('w', 'a'))?.frequency).toBe(1)
  })
})
