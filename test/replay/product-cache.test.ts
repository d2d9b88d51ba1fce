import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { PRODUCT_POLICY } from '../../src/compose/replay.ts'
import { ABSENT, LruCache, READ, WARMED } from '../../src/model/replay/lru.ts'
import { ProductCache } from '../../src/model/replay/product-cache.ts'
import type { PutSource } from '../../src/ports/cache.ts'

const MINUTE_MS = 60_000
const FILES = 12
const keyOf = (file: number) => ({ workspaceId: 'w', rest: `f${file}` })
const WARM: PutSource = { kind: 'warm', commandId: 'c', traceparent: null, predicted: true }
const FILL: PutSource = { kind: 'fill' }
const VALUE = new Uint8Array(1)

/** Reads and warms of a few files with pauses between them: moments, minutes, or the better part of a day. */
const steps = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(2_000), fc.nat(20 * MINUTE_MS), fc.nat(23 * 60 * MINUTE_MS)),
    file: fc.nat(FILES - 1),
    warm: fc.boolean(),
  }),
  { maxLength: 80 },
)

describe("the product's cache in a replay", () => {
  test('holds what the cache adapter holds, when nothing is refused', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 8 }), async (played, capacity) => {
        let nowMs = 0
        const there = createMemoryCache({ clock: { now: () => nowMs }, bytesMax: capacity, lifetimes: PRODUCT_POLICY })
        const replayed = new ProductCache(capacity, FILES, { ...PRODUCT_POLICY, pressureMax: 2 })
        for (const { afterMs, file, warm } of played) {
          nowMs += afterMs
          const [isThere] = await there.has([keyOf(file)])
          const state = replayed.state(file, nowMs)
          expect(state !== ABSENT).toBe(isThere)
          if (warm) replayed.put(file, state === ABSENT ? WARMED : state, nowMs)
          else replayed.put(file, READ, nowMs)
          if (!isThere) await there.put(keyOf(file), VALUE, warm ? WARM : FILL)
          else if (warm) await there.renew([keyOf(file)])
          else await there.get(keyOf(file))
        }
      }),
    )
  })

  test('leaves as plain LRU does while predictions are read', async () => {
    const reads = fc.array(fc.record({ file: fc.nat(FILES - 1), warm: fc.nat(FILES - 1) }), { maxLength: 200 })
    fc.assert(
      fc.property(reads, fc.integer({ min: 2, max: 8 }), (played, capacity) => {
        const own = new ProductCache(capacity, FILES, PRODUCT_POLICY)
        const lru = new LruCache(capacity, FILES)
        for (const { file, warm } of played) {
          const before = lru.state(warm)
          expect(own.put(warm, before === ABSENT ? WARMED : before, 0)).toBe(true)
          lru.put(warm, before === ABSENT ? WARMED : before)
          // The prediction is read before any other file.
          for (const cache of [own, lru]) cache.put(warm, READ, 0)
          for (const cache of [own, lru]) cache.put(file, READ, 0)
          for (let each = 0; each < FILES; each++) expect(own.state(each, 0)).toBe(lru.state(each))
        }
      }),
    )
  })

  test('in a cache of live values predictions that nobody reads end up pushing out one another alone', () => {
    const cache = new ProductCache(1_000, 5_000, PRODUCT_POLICY)
    for (let file = 0; file < 800; file++) cache.put(file, READ, 0)
    for (let file = 1_000; file < 5_000; file++) cache.put(file, WARMED, 1)
    const live = Array.from({ length: 800 }, (_, file) => cache.state(file, 1)).filter((state) => state === READ)
    expect(live).toHaveLength(800)
  })

  test('takes no more predictions than their share while live entries hold it, and takes them again when those are cold', () => {
    const cache = new ProductCache(10, FILES * 100, PRODUCT_POLICY)
    // Predictions that nobody read have lost their credit.
    for (let file = 100; file < 1_000; file++) cache.put(file, WARMED, 0)
    for (let file = 0; file < 9; file++) cache.put(file, READ, 1)
    expect(cache.put(FILES - 1, WARMED, 2)).toBe(false)
    expect(cache.put(3, READ, 2)).toBe(true)
    expect(cache.put(FILES - 1, WARMED, 2 + PRODUCT_POLICY.liveMs)).toBe(true)
    expect(cache.state(FILES - 1, 3 + PRODUCT_POLICY.liveMs)).toBe(WARMED)
  })
})
