import { afterAll, beforeAll } from 'vitest'
import { sha256Hex as hex } from '../../src/adapters/digest.ts'
import type { Cache, CacheKey, EntrySource, PutSource } from '../../src/ports/cache.ts'

/** What a cache under test is: `open` gives a new client of one and the same cache, which is empty before the suite. */
export type CacheSubject = {
  open(): Promise<Cache>
  /** Lets time pass for what the cache holds. */
  passTime(ms: number): Promise<void>
  stop(): Promise<void>
}

/** Starts the subject of a suite and opens a client of it before the suite's tests; ends both after them. */
export function useCache(
  start: () => Promise<CacheSubject>,
  take: (subject: CacheSubject, cache: Cache) => void,
): void {
  let subject: CacheSubject | undefined
  let cache: Cache | undefined
  beforeAll(async () => {
    subject = await start()
    cache = await subject.open()
    take(subject, cache)
  })
  afterAll(async () => {
    try {
      await cache?.close()
    } finally {
      await subject?.stop()
    }
  })
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS

export const fill: EntrySource = { kind: 'fill' }
export const warm: EntrySource = { kind: 'warm', commandId: 'command-1', traceparent: null }
export const predicted: PutSource = { ...warm, predicted: true }

export const keyOf = (workspace: string, name: string): CacheKey => ({
  workspaceId: hex(workspace).slice(0, 16),
  rest: `v.${hex(name).slice(0, 32)}`,
})
