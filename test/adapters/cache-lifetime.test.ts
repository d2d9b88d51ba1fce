import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DEFAULT_LIFETIMES, readLifeMs } from '../../src/adapters/cache-lifetime.ts'
import type { CacheKey } from '../../src/ports/cache.ts'

const keyOf = (name: string): CacheKey => {
  const hash = createHash('sha256').update(name).digest('hex')
  return { workspaceId: hash.slice(0, 16), rest: `v.${hash.slice(16, 48)}` }
}
const MINUTE_MS = 60_000
const lifetimes = fc.record({
  readMs: fc.integer({ min: 10 * MINUTE_MS, max: 10_000 * MINUTE_MS }),
  liveMs: fc.integer({ min: MINUTE_MS, max: 100 * MINUTE_MS }),
})

it('leaves a value that was read just now more time than any that has turned cold, and spreads both', () => {
  fc.assert(
    fc.property(lifetimes, fc.string(), fc.string(), (times, live, cold) => {
      const all = { ...DEFAULT_LIFETIMES, ...times }
      expect(readLifeMs(all, keyOf(live))).toBeGreaterThan(readLifeMs(all, keyOf(cold)) - all.liveMs)
    }),
  )
  const drawn = Array.from({ length: 1_000 }, (_, at) => readLifeMs(DEFAULT_LIFETIMES, keyOf(`file ${at}`)))
  expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(7 * MINUTE_MS)
})
