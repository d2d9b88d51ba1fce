import type { Cache } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { type CacheLifetimes, DEFAULT_LIFETIMES } from '../cache-lifetime.ts'
import { createMemoryCoordination, nameOf } from './coordination.ts'
import { EntryTable } from './entry-table.ts'

export type MemoryCacheOptions = {
  readonly clock: Pick<Clock, 'now'>
  /** Bytes of values that the cache holds at most; null (the default) for no limit. */
  readonly bytesMax?: number | null
  readonly lifetimes?: Partial<CacheLifetimes>
}

/** A cache in this process's memory: for tests and replays. Values are handed out as they are: do not change them. */
export function createMemoryCache(options: MemoryCacheOptions): Cache {
  const { clock } = options
  const entries = new EntryTable({ ...DEFAULT_LIFETIMES, ...options.lifetimes }, options.bytesMax ?? null)
  return {
    ...createMemoryCoordination(clock),
    async get(key) {
      return entries.read(nameOf(key), clock.now())
    },
    async has(keys) {
      return keys.map((key) => entries.find(nameOf(key), clock.now()) !== undefined)
    },
    async put(key, value, source) {
      const name = nameOf(key)
      if (entries.find(name, clock.now()) !== undefined) return 'present'
      const entry = {
        ...{ workspaceId: key.workspaceId, value: value.slice(), source },
        ...{ isUnread: source.kind === 'warm', renewedMs: clock.now() },
      }
      return entries.add(name, entry) ? 'stored' : 'full'
    },
    /** Nothing to do: the order in which entries leave makes the room. */
    async makeRoom() {},
    async renew(keys) {
      return keys.map((key) => entries.renew(nameOf(key), clock.now()))
    },
    async pressure() {
      return entries.pressure(clock.now())
    },
    async stats(workspaceId) {
      return entries.stats(workspaceId, clock.now())
    },
    async clear(workspaceId) {
      return entries.clear(workspaceId, clock.now())
    },
    async healthy() {
      return true
    },
    async close() {},
  }
}
