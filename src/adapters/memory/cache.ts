import type { Cache, CacheEntry, CacheKey, CachePressure, CacheStats, EntrySource } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { spend } from '../../warming/spend.ts'
import { type CacheLifetimes, DEFAULT_LIFETIMES } from '../cache-lifetime.ts'

export type MemoryCacheOptions = {
  readonly clock: Pick<Clock, 'now'>
  /** Bytes of values that the cache holds at most; null (the default) for no limit. */
  readonly bytesMax?: number | null
  readonly lifetimes?: Partial<CacheLifetimes>
}

type Entry = {
  readonly workspaceId: string
  readonly value: Uint8Array
  readonly source: EntrySource
  readonly renewedMs: number
}
type Lease = { readonly holder: string; readonly untilMs: number }
type Pointer = { readonly version: string | null; readonly atMs: number }

/** A cache in this process's memory: for tests and replays. Values are handed out as they are: do not change them. */
export function createMemoryCache(options: MemoryCacheOptions): Cache {
  const { clock } = options
  const entries = new EntryTable({ ...DEFAULT_LIFETIMES, ...options.lifetimes }, options.bytesMax ?? null)
  const pointers = new Map<string, Pointer>()
  const leases = new Map<string, Lease>()
  const budgets = new Map<string, number>()
  return {
    async get(key) {
      return entries.read(nameOf(key), clock.now())
    },
    async has(keys) {
      return keys.map((key) => entries.find(nameOf(key), clock.now()) !== undefined)
    },
    async put(key, value, source) {
      const name = nameOf(key)
      if (entries.find(name, clock.now()) !== undefined) return 'present'
      const entry = { workspaceId: key.workspaceId, value: value.slice(), source, renewedMs: clock.now() }
      return entries.add(name, entry) ? 'stored' : 'full'
    },
    /** Nothing to do: the order in which entries leave makes the room. */
    async makeRoom() {},
    async renew(keys) {
      return keys.map((key) => entries.renew(nameOf(key), clock.now()))
    },
    async pointer(key) {
      return pointers.get(nameOf(key))?.version ?? null
    },
    async movePointer(key, version, atMs) {
      const there = pointers.get(nameOf(key))
      if (there !== undefined && atMs < there.atMs) return false
      pointers.set(nameOf(key), { version, atMs })
      return true
    },
    async lease(key, holder, ttlMs) {
      const there = leases.get(nameOf(key))
      if (there !== undefined && there.holder !== holder && there.untilMs > clock.now()) return false
      leases.set(nameOf(key), { holder, untilMs: clock.now() + ttlMs })
      return true
    },
    async release(key, holder) {
      if (leases.get(nameOf(key))?.holder === holder) leases.delete(nameOf(key))
    },
    async spend(budget, amount, limit) {
      const { waitMs, fullAtMs } = spend(budgets.get(nameOf(budget)) ?? null, clock.now(), amount, limit)
      budgets.set(nameOf(budget), fullAtMs)
      for (const [name, atMs] of budgets) if (atMs <= clock.now()) budgets.delete(name)
      return waitMs
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

const nameOf = (key: CacheKey): string => `${key.workspaceId}:${key.rest}`

/**
 * The entries in the order in which they leave. Within each of the two maps the one renewed longest ago is first, so it
 * is also the first to expire, and the first to leave for a new value: what was read and is cold, then unread warms,
 * then what was read and is live.
 */
class EntryTable {
  readonly #unread = new Map<string, Entry>()
  readonly #read = new Map<string, Entry>()
  readonly #lifetimes: CacheLifetimes
  readonly #bytesMax: number | null
  #bytes = 0

  constructor(lifetimes: CacheLifetimes, bytesMax: number | null) {
    this.#lifetimes = lifetimes
    this.#bytesMax = bytesMax
  }

  find(name: string, nowMs: number): Entry | undefined {
    this.#dropExpired(nowMs)
    return this.#read.get(name) ?? this.#unread.get(name)
  }

  read(name: string, nowMs: number): CacheEntry | null {
    const entry = this.find(name, nowMs)
    if (entry === undefined) return null
    const firstRead = this.#unread.delete(name)
    this.#read.delete(name)
    this.#read.set(name, { ...entry, renewedMs: nowMs })
    return { value: entry.value, source: entry.source, firstRead }
  }

  renew(name: string, nowMs: number): boolean {
    const entry = this.find(name, nowMs)
    if (entry === undefined) return false
    const table = this.#unread.has(name) ? this.#unread : this.#read
    table.delete(name)
    table.set(name, { ...entry, renewedMs: nowMs })
    return true
  }

  /** False when the value alone is over the limit. */
  add(name: string, entry: Entry): boolean {
    if (this.#bytesMax !== null) {
      if (entry.value.byteLength > this.#bytesMax) return false
      this.#makeRoom(this.#bytesMax - entry.value.byteLength, entry.renewedMs)
    }
    const table = entry.source.kind === 'warm' ? this.#unread : this.#read
    table.set(name, entry)
    this.#bytes += entry.value.byteLength
    return true
  }

  pressure(nowMs: number): CachePressure {
    this.#dropExpired(nowMs)
    const live = [...this.#read.values()].filter((entry) => entry.renewedMs >= nowMs - this.#lifetimes.liveMs)
    const pressure = this.#bytesMax === null ? 0 : Math.min(1, bytesOf(live) / this.#bytesMax)
    return { bytesMax: this.#bytesMax, bytesUsed: this.#bytes, pressure, pressureMin: pressure }
  }

  stats(workspaceId: string, nowMs: number): CacheStats {
    this.#dropExpired(nowMs)
    const isOurs = (entry: Entry): boolean => entry.workspaceId === workspaceId
    const unread = [...this.#unread.values()].filter(isOurs)
    const all = [...unread, ...[...this.#read.values()].filter(isOurs)]
    return { entries: all.length, bytes: bytesOf(all), unreadWarms: unread.length }
  }

  clear(workspaceId: string, nowMs: number): number {
    this.#dropExpired(nowMs)
    let cleared = 0
    for (const table of [this.#unread, this.#read]) {
      for (const [name, entry] of table) {
        if (entry.workspaceId !== workspaceId) continue
        this.#remove(table, name, entry)
        cleared += 1
      }
    }
    return cleared
  }

  #makeRoom(bytesLeft: number, nowMs: number): void {
    this.#dropWhileOver(bytesLeft, this.#read, nowMs - this.#lifetimes.liveMs)
    this.#dropWhileOver(bytesLeft, this.#unread)
    this.#dropWhileOver(bytesLeft, this.#read)
  }

  /** Drops the first of a table that were renewed before a time, as long as the cache holds more than it may. */
  #dropWhileOver(bytesLeft: number, table: Map<string, Entry>, beforeMs = Number.POSITIVE_INFINITY): void {
    for (const [name, entry] of table) {
      if (this.#bytes <= bytesLeft || entry.renewedMs >= beforeMs) return
      this.#remove(table, name, entry)
    }
  }

  #dropExpired(nowMs: number): void {
    this.#dropRenewedBefore(this.#unread, nowMs - this.#lifetimes.unreadMs)
    this.#dropRenewedBefore(this.#read, nowMs - this.#lifetimes.readMs)
  }

  #dropRenewedBefore(table: Map<string, Entry>, oldestMs: number): void {
    for (const [name, entry] of table) {
      if (entry.renewedMs > oldestMs) return
      this.#remove(table, name, entry)
    }
  }

  #remove(table: Map<string, Entry>, name: string, entry: Entry): void {
    table.delete(name)
    this.#bytes -= entry.value.byteLength
  }
}

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, entry) => sum + entry.value.byteLength, 0)
