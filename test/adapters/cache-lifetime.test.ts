import fc from 'fast-check'
import { expect, it } from 'vitest'
import { askedLifeMsMax, DEFAULT_LIFETIMES, jitteredMs, pointerLifeMs } from '../../src/adapters/cache-lifetime.ts'
import { sha256Hex } from '../../src/adapters/digest.ts'
import type { CacheKey } from '../../src/ports/cache.ts'

const keyOf = (name: string): CacheKey => {
  const hash = sha256Hex(name)
  return { workspaceId: hash.slice(0, 16), rest: `v.${hash.slice(16, 48)}` }
}
const HOUR_MS = 3_600_000
const lifetimes = fc.record({
  readMs: fc.integer({ min: HOUR_MS, max: 100_000 * HOUR_MS }),
  unreadMs: fc.integer({ min: 1_000, max: HOUR_MS }),
  pointerMs: fc.integer({ min: 1_000, max: 1_000 * HOUR_MS }),
})

it('gives a pointer a longer life than any value, and no warm that a run asked for more than the longest', () => {
  fc.assert(
    fc.property(lifetimes, fc.string(), (times, name) => {
      const all = { ...DEFAULT_LIFETIMES, ...times }
      expect(pointerLifeMs(all, keyOf(name))).toBeGreaterThan(all.readMs)
      expect(jitteredMs(all.unreadMs, keyOf(name))).toBeLessThanOrEqual(askedLifeMsMax(all))
    }),
  )
})
