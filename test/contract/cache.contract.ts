import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { sha256Hex as hex } from '../../src/adapters/digest.ts'
import type { Cache, CacheKey, EntrySource } from '../../src/ports/cache.ts'
import { eventually } from '../support/eventually.ts'
import { type CacheSubject, fill, HOUR_MS, keyOf, MINUTE_MS, predicted, useCache, warm } from './cache-under-test.ts'

const YEAR_MS = 365 * 24 * HOUR_MS

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (value: Uint8Array | undefined): string | undefined =>
  value ? Buffer.from(value).toString() : undefined
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
    useCache(start, (started, opened) => {
      subject = started
      cache = opened
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

    test('a warm that a run asked for and nobody reads lives for minutes, also when it is asked for; renewing prolongs it', async () => {
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

    test('what was read, filled or predicted lives for years, renewed at each hit', async () => {
      const [read, filled, foreseen, left] = [freshKey(), freshKey(), freshKey(), freshKey()]
      await cache.put(read, bytes('1'), warm)
      await cache.put(left, bytes('1'), warm)
      await cache.put(filled, bytes('2'), fill)
      await cache.put(foreseen, bytes('3'), predicted)
      await cache.get(read)
      await subject.passTime(4 * YEAR_MS)
      expect(await cache.has([read, filled, foreseen, left])).toEqual([true, true, true, false])
      expect(await cache.renew([foreseen])).toEqual([true])
      await cache.get(read)
      await subject.passTime(2 * YEAR_MS)
      expect(await cache.has([read, filled, foreseen])).toEqual([true, false, true])
      const entry = await cache.get(foreseen)
      expect([entry?.firstRead, entry?.source]).toEqual([true, warm])
      expect((await cache.get(foreseen))?.firstRead).toBe(false)
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
      const sourceOf = (at: number) => (at >= 700 ? fill : at % 2 === 0 ? predicted : warm)
      await Promise.all(ours.map((key, at) => cache.put(key, bytes('12345678'), sourceOf(at))))
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
