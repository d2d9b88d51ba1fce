import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { PRODUCT_POLICY } from '../../src/compose/replay.ts'
import { ABSENT, READ, WARMED } from '../../src/model/replay/lru.ts'
import { ProductCache } from '../../src/model/replay/product-cache.ts'
import type { EntrySource } from '../../src/ports/cache.ts'

const MINUTE_MS = 60_000
const FILES = 12
const keyOf = (file: number) => ({ workspaceId: 'w', rest: `f${file}` })
const WARM: EntrySource = { kind: 'warm', commandId: 'c', traceparent: null }
const FILL: EntrySource = { kind: 'fill' }
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

  test('takes no warm while live entries hold it, and takes them again when those are cold', () => {
    const cache = new ProductCache(10, FILES, PRODUCT_POLICY)
    for (let file = 0; file < 9; file++) cache.put(file, READ, 0)
    expect(cache.put(10, WARMED, 1)).toBe(false)
    expect(cache.put(3, READ, 2)).toBe(true)
    expect(cache.put(10, WARMED, 1 + PRODUCT_POLICY.liveMs)).toBe(true)
    expect(cache.state(10, 2 + PRODUCT_POLICY.liveMs)).toBe(WARMED)
  })
})
