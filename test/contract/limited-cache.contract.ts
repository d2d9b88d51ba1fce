import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Cache, CacheKey, PutSource } from '../../src/ports/cache.ts'
import { type CacheSubject, fill, HOUR_MS, keyOf, MINUTE_MS, predicted, useCache, warm } from './cache-under-test.ts'

/** How much a cache with a limit holds, and whether its order of leaving is exact (Redis draws samples). */
export type CacheLimits = {
  /** Bytes of values that have room for certain, and bytes that have not. */
  readonly fits: number
  readonly tooMany: number
  readonly isExact: boolean
}

const VALUE_BYTES = 4_096

const atLeast = (least: number) => expect.toSatisfy((count: number) => count >= least, `at least ${least}`)

/** The promises of the Cache port when room is short. */
export function describeLimitedCache(name: string, limits: CacheLimits, start: () => Promise<CacheSubject>): void {
  describe(`cache with a limit: ${name}`, () => {
    let subject: CacheSubject
    let cache: Cache
    useCache(start, (started, opened) => {
      subject = started
      cache = opened
    })
    const keysOf = (prefix: string, count: number): CacheKey[] =>
      Array.from({ length: count }, (_, at) => keyOf('workspace', `${prefix} ${at}`))
    const empty = async (): Promise<void> => {
      await cache.clear(keyOf('workspace', '').workspaceId)
    }
    // Also after a test that failed: what it left would take the room of the next one.
    afterEach(empty)
    /** In waves, so that the order of the puts is about that of the keys. */
    const putAll = async (keys: readonly CacheKey[], source: PutSource): Promise<void> => {
      for (let at = 0; at < keys.length; at += 100) {
        const wave = keys.slice(at, at + 100)
        const results = await Promise.all(wave.map((key) => cache.put(key, randomBytes(VALUE_BYTES), source)))
        expect(new Set(results)).toEqual(new Set(['stored']))
      }
    }
    const countOf = async (keys: readonly CacheKey[]): Promise<number> => (await cache.has(keys)).filter(Boolean).length

    test('hot values keep their place while more warms come in than there is room for', async () => {
      const hot = keysOf('hot', Math.floor(limits.fits / 3 / VALUE_BYTES))
      await putAll(hot, fill)
      await putAll(keysOf('warm', Math.ceil(limits.tooMany / VALUE_BYTES)), warm)
      const left = await countOf(hot)
      if (limits.isExact) expect(left).toBe(hot.length)
      else expect(left).toBeGreaterThanOrEqual(hot.length * 0.999)
      const { bytesMax, bytesUsed } = await cache.pressure()
      expect(bytesUsed).toBeLessThanOrEqual((bytesMax ?? 0) * 1.01)
    })

    test('a cache full of cold entries is under no pressure, one full of live entries is', async () => {
      const keys = keysOf('pressed', Math.floor(limits.fits / VALUE_BYTES))
      await putAll(keys, fill)
      expect((await cache.pressure()).pressure).toBeGreaterThan(0.6)
      await subject.passTime(30 * MINUTE_MS)
      const cold = await cache.pressure()
      expect(cold.pressure).toBeLessThan(0.05)
      expect(cold.bytesUsed).toBeGreaterThan(0.6 * (cold.bytesMax ?? 0))
      for (const key of keys) await cache.get(key)
      expect((await cache.pressure()).pressure).toBeGreaterThan(0.6)
      await empty()
      expect((await cache.pressure()).pressure).toBeLessThan(0.05)
    })

    test('a cache full of unread warms is under no pressure', async () => {
      const keys = keysOf('unread', Math.floor(limits.fits / VALUE_BYTES))
      await putAll(keys.slice(0, keys.length / 2), warm)
      await putAll(keys.slice(keys.length / 2), predicted)
      expect((await cache.pressure()).pressure).toBeLessThan(0.05)
    })

    test('a value that is longer than the limit is refused, and nothing leaves for it', async () => {
      const keys = keysOf('kept', 20)
      await putAll(keys, warm)
      expect(await cache.put(keyOf('workspace', 'huge'), randomBytes(limits.tooMany), fill)).toBe('full')
      expect(await countOf(keys)).toBe(20)
    })

    test('in a cache full of cold values warms and demand fills take the place of cold values alone', async () => {
      const [live, warms] = [keysOf('live', 20), keysOf('predicted', 200)]
      const demanded = keysOf('demanded', Math.floor((0.02 * limits.fits) / VALUE_BYTES))
      await putAll(keysOf('cold', Math.ceil(limits.tooMany / VALUE_BYTES)), fill)
      await subject.passTime(30 * MINUTE_MS)
      await putAll(live, fill)
      const liveBefore = await countOf(live)
      for (let at = 0; at < warms.length; at += 20) {
        await cache.makeRoom(20 * VALUE_BYTES)
        await putAll(warms.slice(at, at + 20), warm)
      }
      const [warmsAfter, liveAfter] = [await countOf(warms), await countOf(live)]
      await putAll(demanded, fill)
      const left = [await countOf(warms), await countOf(live)]
      expect([warmsAfter, ...left]).toEqual(limits.isExact ? [200, 200, 20] : [atLeast(180), atLeast(180), liveBefore])
      expect([liveBefore, liveAfter]).toEqual(limits.isExact ? [20, 20] : [atLeast(19), liveBefore])
    })

    test('making room drops nothing that is not needed, and nothing live whatever is asked for', async () => {
      const [live, unread] = [keysOf('live', 200), keysOf('unread', 50)]
      await putAll(live, fill)
      await putAll(unread, warm)
      await cache.makeRoom(0.3 * limits.fits)
      expect([await countOf(live), await countOf(unread)]).toEqual([200, 50])
      await cache.makeRoom(limits.tooMany)
      expect(await countOf(live)).toBe(200)
      await subject.passTime(8 * MINUTE_MS)
      for (const key of live) await cache.get(key)
      await subject.passTime(HOUR_MS)
      await cache.makeRoom(1)
      expect(await countOf(live)).toBe(200)
    })

    test('predictions that nobody reads get a share of live values at most; those that are read stay in their place', async () => {
      const live = keysOf('live', Math.floor(limits.fits / VALUE_BYTES))
      const [unread, read] = [keysOf('unread', live.length / 2), keysOf('read', live.length / 4)]
      await putAll(live, fill)
      const waves = async (keys: readonly CacheKey[], after: (wave: readonly CacheKey[]) => Promise<unknown>) => {
        const size = limits.isExact ? 16 : 128
        for (let at = 0; at < keys.length; at += size) {
          await cache.makeRoom(size * VALUE_BYTES)
          await putAll(keys.slice(at, at + size), predicted)
          await after(keys.slice(at, at + size))
        }
      }
      await waves(unread, async () => {})
      // The first hundred are trusted, which is much of a small cache.
      expect(await countOf(live)).toBeGreaterThanOrEqual(live.length * (limits.isExact ? 0.65 : 0.8))
      if (limits.isExact) expect((await cache.pressure()).takesPredictions).toBe(false)
      await waves(read, (wave) => Promise.all(wave.map((key) => cache.get(key))))
      expect((await cache.pressure()).takesPredictions).toBe(true)
      expect(await countOf(read)).toBeGreaterThanOrEqual(read.length * (limits.isExact ? 1 : 0.98))
      // Those used longest ago have left for them, be they values or predictions.
      const [oldest, newest] = [live.slice(0, live.length / 4), live.slice(-live.length / 4)]
      expect(await countOf(newest)).toBeGreaterThanOrEqual(newest.length * (limits.isExact ? 1 : 0.9))
      expect(await countOf(oldest)).toBeLessThan(oldest.length / 2)
    })

    if (!limits.isExact) return

    test('expired entries leave first, then cold ones from the coldest, then what runs asked for, then live ones', async () => {
      const room = Math.floor(limits.fits / VALUE_BYTES)
      const [expired, cold, unread] = [keysOf('expired', 10), keysOf('cold', 10), keysOf('left', 10)]
      const live = keysOf('live', room - 30)
      await putAll(cold, fill)
      await subject.passTime(4 * MINUTE_MS)
      await putAll(expired, warm)
      await subject.passTime(12 * MINUTE_MS)
      await putAll(live, fill)
      await putAll(unread, warm)
      const all = async (): Promise<number[]> => Promise.all([expired, cold, unread, live].map((keys) => countOf(keys)))
      expect(await all()).toEqual([0, 10, 10, room - 30])
      await putAll(keysOf('new 1', 10), fill)
      expect(await all()).toEqual([0, 10, 10, room - 30])
      await subject.passTime(MINUTE_MS)
      for (const key of cold.slice(0, 2)) await cache.get(key)
      await putAll(keysOf('new 2', 4), fill)
      expect(await cache.has(cold)).toEqual(cold.map((_, at) => at < 2 || at >= 6))
      expect(await all()).toEqual([0, 6, 10, room - 30])
      await putAll(keysOf('new 3', 4 + 4), fill)
      expect(await all()).toEqual([0, 2, 6, room - 30])
      expect(await cache.has(unread)).toEqual(unread.map((_, at) => at >= 4))
      await putAll(keysOf('new 4', 6 + 3), fill)
      expect(await all()).toEqual([0, 2, 0, room - 33])
      expect(await cache.has(live)).toEqual(live.map((_, at) => at >= 3))
    })
  })
}
