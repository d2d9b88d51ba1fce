import { createHash, randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Cache, CacheKey, EntrySource } from '../../src/ports/cache.ts'
import { eventually } from '../support/eventually.ts'

/** What a cache under test is: `open` gives a new client of one and the same cache, which is empty before the suite. */
export type CacheSubject = {
  open(): Promise<Cache>
  /** Lets time pass for what the cache holds. */
  passTime(ms: number): Promise<void>
  stop(): Promise<void>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const fill: EntrySource = { kind: 'fill' }
const warm: EntrySource = { kind: 'warm', commandId: 'command-1', traceparent: null }

const hex = (text: string): string => createHash('sha256').update(text).digest('hex')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (value: Uint8Array | undefined): string | undefined =>
  value ? Buffer.from(value).toString() : undefined
const keyOf = (workspace: string, name: string): CacheKey => ({
  workspaceId: hex(workspace).slice(0, 16),
  rest: `v.${hex(name).slice(0, 32)}`,
})
let names = 0
/** Tests share a cache, so each makes keys of its own. */
const freshKey = (): CacheKey => {
  names += 1
  return keyOf('workspace', `file ${names}`)
}

/** The promises of the Cache port that hold whatever it has room for. */
export function describeCache(name: string, start: () => Promise<CacheSubject>): void {
  describe(`cache: ${name}`, () => {
    let subject: CacheSubject
    let cache: Cache
    beforeAll(async () => {
      subject = await start()
      cache = await subject.open()
    })
    afterAll(async () => {
      await cache?.close()
      await subject?.stop()
    })

    test('a key that nobody put is not there', async () => {
      const key = freshKey()
      expect(await cache.get(key)).toBeNull()
      expect(await cache.has([key])).toEqual([false])
      expect(await cache.renew([key])).toEqual([false])
    })

    test('values of any content and size come back as they were, with their source', async () => {
      const traced: EntrySource = {
        kind: 'warm',
        commandId: 'ключ\0',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      }
      const values = [
        new Uint8Array(),
        Uint8Array.from({ length: 256 }, (_, at) => at),
        bytes('{"text":"compressible"}'.repeat(20_000)),
        randomBytes(1_000_000),
      ]
      for (const value of values) {
        for (const source of [fill, warm, traced]) {
          const key = freshKey()
          expect(await cache.put(key, value, source)).toBe('stored')
          const entry = await cache.get(key)
          expect(entry?.source).toEqual(source)
          expect(Buffer.from(entry?.value ?? []).equals(value)).toBe(true)
        }
      }
    })

    test('a value that is there is never replaced, however many put at once', async () => {
      const key = freshKey()
      const puts = await Promise.all(Array.from({ length: 20 }, (_, at) => cache.put(key, bytes(`${at}`), warm)))
      expect(puts.filter((result) => result === 'stored')).toHaveLength(1)
      expect(puts.filter((result) => result === 'present')).toHaveLength(19)
      const first = textOf((await cache.get(key))?.value)
      expect(first).toBe(`${puts.indexOf('stored')}`)
      expect(await cache.put(key, bytes('later'), fill)).toBe('present')
      expect(textOf((await cache.get(key))?.value)).toBe(first)
    })

    test('of fifty readers at once exactly one is told that its read of a warm is the first', async () => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => subject.open()))
      for (let round = 0; round < 10; round += 1) {
        const key = freshKey()
        await cache.put(key, bytes('value'), warm)
        const reads = await Promise.all(Array.from({ length: 50 }, (_, at) => clients[at % 5]?.get(key)))
        expect(reads.filter((entry) => textOf(entry?.value) === 'value')).toHaveLength(50)
        expect(reads.filter((entry) => entry?.firstRead)).toHaveLength(1)
        expect(reads.every((entry) => entry?.source.kind === 'warm')).toBe(true)
      }
      await Promise.all(clients.map((client) => client.close()))
    })

    test('the read of a value that a reader filled is no first read of a warm', async () => {
      const key = freshKey()
      await cache.put(key, bytes('value'), fill)
      expect((await cache.get(key))?.firstRead).toBe(false)
    })

    test('asking and renewing marks nothing as read, and answers in the order asked', async () => {
      const [one, none, two] = [freshKey(), freshKey(), freshKey()]
      await cache.put(one, bytes('1'), warm)
      await cache.put(two, bytes('2'), fill)
      expect(await cache.has([two, none, one])).toEqual([true, false, true])
      expect(await cache.renew([none, one, two])).toEqual([false, true, true])
      expect((await cache.get(one))?.firstRead).toBe(true)
    })

    test('a warm that nobody reads lives for minutes, also when it is asked for; renewing prolongs it', async () => {
      const [left, renewed] = [freshKey(), freshKey()]
      await cache.put(left, bytes('1'), warm)
      await cache.put(renewed, bytes('2'), warm)
      await subject.passTime(8.9 * MINUTE_MS)
      expect(await cache.has([left, renewed])).toEqual([true, true])
      await cache.renew([renewed])
      await subject.passTime(2.2 * MINUTE_MS)
      expect(await cache.has([left, renewed])).toEqual([false, true])
      expect((await cache.get(renewed))?.firstRead).toBe(true)
      expect(await cache.get(left)).toBeNull()
      expect(await cache.put(left, bytes('again'), warm)).toBe('stored')
    })

    test('a value that was read or filled lives for a day, renewed at each hit', async () => {
      const [read, filled, unread] = [freshKey(), freshKey(), freshKey()]
      await cache.put(read, bytes('1'), warm)
      await cache.put(unread, bytes('1'), warm)
      await cache.put(filled, bytes('2'), fill)
      await cache.get(read)
      await subject.passTime(21 * HOUR_MS)
      expect(await cache.has([read, filled, unread])).toEqual([true, true, false])
      await cache.get(read)
      await subject.passTime(6 * HOUR_MS)
      expect(await cache.has([read, filled])).toEqual([true, false])
    })

    test('a pointer moves forward only', async () => {
      const key = { ...freshKey(), rest: `p.${hex('path').slice(0, 32)}` }
      expect(await cache.pointer(key)).toBeNull()
      expect(await cache.movePointer(key, 'first', 1_700_000_000_000)).toBe(true)
      expect(await cache.movePointer(key, 'older', 1_699_999_999_999)).toBe(false)
      expect(await cache.pointer(key)).toBe('first')
      expect(await cache.movePointer(key, 'same time', 1_700_000_000_000)).toBe(true)
      expect(await cache.movePointer(key, null, 1_700_000_000_001)).toBe(true)
      expect(await cache.pointer(key)).toBeNull()
      expect(await cache.movePointer(key, 'before the deletion', 1_700_000_000_000)).toBe(false)
      expect(await cache.pointer(key)).toBeNull()
      const moves = Array.from({ length: 50 }, (_, at) => ((at * 7) % 50) + 1_700_000_001_000)
      await Promise.all(moves.map((atMs) => cache.movePointer(key, `v ${atMs}`, atMs)))
      expect(await cache.pointer(key)).toBe('v 1700000001049')
    })

    test('a budget gives all who spend from it its burst and its rate together, however many spend at once', async () => {
      const clients = await Promise.all(Array.from({ length: 5 }, () => subject.open()))
      const budget = freshKey()
      const limit = { perSecond: 100, burst: 10, waitMsMax: MINUTE_MS }
      const startedMs = performance.now()
      const waits = await Promise.all(
        Array.from({ length: 50 }, (_, at) => (clients[at % 5] ?? cache).spend(budget, 2, limit)),
      )
      const tookMs = performance.now() - startedMs
      for (const [at, waitMs] of waits.toSorted((one, other) => one - other).entries()) {
        const leastMs = Math.max(0, (2 * (at + 1) - limit.burst) * (1_000 / limit.perSecond))
        expect(waitMs).toBeGreaterThanOrEqual(leastMs - tookMs)
        expect(waitMs).toBeLessThanOrEqual(leastMs + 1)
      }
      await Promise.all(clients.map((client) => client.close()))
    })

    test('a budget is not spent by who would not wait, and is full again after a while; others are not touched', async () => {
      const [budget, other] = [freshKey(), freshKey()]
      const limit = { perSecond: 20, burst: 10, waitMsMax: 10 }
      const state = () => cache.spend(budget, 0, limit)
      expect(await cache.spend(budget, 16, { ...limit, waitMsMax: MINUTE_MS })).toBe(300)
      expect(await cache.spend(budget, 1_000, limit)).toBeGreaterThan(10_000)
      expect(await state()).toBeLessThanOrEqual(300)
      expect(await cache.spend(other, 10, limit)).toBe(0)
      await subject.passTime(800)
      await eventually(state, (waitMs) => waitMs === 0, { what: 'a paid budget', everyMs: 20 })
    })

    test('a lease has one holder until it is given back or runs out', async () => {
      const key = freshKey()
      const wins = await Promise.all(Array.from({ length: 50 }, (_, at) => cache.lease(key, `worker ${at}`, MINUTE_MS)))
      expect(wins.filter(Boolean)).toHaveLength(1)
      const holder = `worker ${wins.indexOf(true)}`
      expect(await cache.lease(key, holder, MINUTE_MS)).toBe(true)
      await cache.release(key, 'somebody else')
      expect(await cache.lease(key, 'somebody else', MINUTE_MS)).toBe(false)
      await cache.release(key, holder)
      expect(await cache.lease(key, 'somebody else', MINUTE_MS)).toBe(true)
      await subject.passTime(1.01 * MINUTE_MS)
      expect(await cache.lease(key, 'a third', MINUTE_MS)).toBe(true)
      await cache.release(key, 'somebody else')
      expect(await cache.lease(key, 'somebody else', MINUTE_MS)).toBe(false)
      expect(await cache.get(key)).toBeNull()
    })

    test('counting and clearing a workspace touches no other, and neither pointers nor leases', async () => {
      const ours = Array.from({ length: 2_500 }, (_, at) => keyOf('ours', `${at}`))
      const theirs = Array.from({ length: 30 }, (_, at) => keyOf('theirs', `${at}`))
      const [ourId, theirId] = [ours[0]?.workspaceId ?? '', theirs[0]?.workspaceId ?? '']
      await Promise.all(ours.map((key, at) => cache.put(key, bytes('12345678'), at < 700 ? warm : fill)))
      await Promise.all(theirs.map((key) => cache.put(key, bytes('1'), fill)))
      await Promise.all(ours.slice(0, 200).map((key) => cache.get(key)))
      const pointer = { workspaceId: ourId, rest: 'r' }
      await cache.movePointer(pointer, 'revision', 1)
      await cache.lease(ours[0] ?? pointer, 'worker', MINUTE_MS)
      const stats = await cache.stats(ourId)
      expect([stats.entries, stats.unreadWarms]).toEqual([2_500, 500])
      expect(stats.bytes).toBeGreaterThanOrEqual(2_500 * 8)
      expect(await cache.clear(ourId)).toBe(2_500)
      expect(await cache.stats(ourId)).toEqual({ entries: 0, bytes: 0, unreadWarms: 0 })
      expect((await cache.has(ours)).some(Boolean)).toBe(false)
      expect((await cache.stats(theirId)).entries).toBe(30)
      expect((await cache.has(theirs)).every(Boolean)).toBe(true)
      expect(await cache.pointer(pointer)).toBe('revision')
      expect(await cache.lease(ours[0] ?? pointer, 'another', MINUTE_MS)).toBe(false)
      expect(await cache.clear(ourId)).toBe(0)
    })

    test('it is healthy', async () => {
      expect(await cache.healthy()).toBe(true)
    })
  })
}

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
    beforeAll(async () => {
      subject = await start()
      cache = await subject.open()
    })
    afterAll(async () => {
      await cache?.close()
      await subject?.stop()
    })
    const keysOf = (prefix: string, count: number): CacheKey[] =>
      Array.from({ length: count }, (_, at) => keyOf('workspace', `${prefix} ${at}`))
    const empty = async (): Promise<void> => {
      await cache.clear(keyOf('workspace', '').workspaceId)
    }
    // Also after a test that failed: what it left would take the room of the next one.
    afterEach(empty)
    /** In waves, so that the order of the puts is about that of the keys. */
    const putAll = async (keys: readonly CacheKey[], source: EntrySource): Promise<void> => {
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
      await putAll(keysOf('unread', Math.floor(limits.fits / VALUE_BYTES)), warm)
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

    if (!limits.isExact) return

    test('expired entries leave first, then cold ones from the coldest, then unread warms, then live ones', async () => {
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
