import { creditBrought, creditRead, earnedShare, FIRST_CREDIT } from '../../model/warm-share.ts'
import type { CacheEntry, CachePressure, CacheStats, EntrySource, PutSource } from '../../ports/cache.ts'
import type { CacheLifetimes } from '../cache-lifetime.ts'

type Entry = {
  readonly workspaceId: string
  readonly value: Uint8Array
  readonly source: PutSource
  /** Brought by a warm that nobody has read yet. */
  readonly isUnread: boolean
  readonly renewedMs: number
}

/** What a prediction brought takes its place by recency from the start; what was asked for once it is read. */
const isAsked = ({ isUnread, source }: Entry): boolean =>
  isUnread && !(source.kind === 'warm' && source.predicted === true)

/**
 * The entries in the order in which they leave. Within each of the two maps the one renewed longest ago is first, so it
 * is also the first to expire, and the first to leave for a new value.
 */
export class EntryTable {
  /** Warms that were asked for and that nobody has read. */
  readonly #asked = new Map<string, Entry>()
  /** What was read, filled or predicted. */
  readonly #recent = new Map<string, Entry>()
  /** Names of the unread predictions among those, in the same order. */
  readonly #predicted = new Set<string>()
  readonly #lifetimes: CacheLifetimes
  readonly #bytesMax: number | null
  #bytes = 0
  #predictedBytes = 0
  #credit = FIRST_CREDIT

  constructor(lifetimes: CacheLifetimes, bytesMax: number | null) {
    this.#lifetimes = lifetimes
    this.#bytesMax = bytesMax
  }

  find(name: string, nowMs: number): Entry | undefined {
    this.#dropExpired(nowMs)
    return this.#recent.get(name) ?? this.#asked.get(name)
  }

  read(name: string, nowMs: number): CacheEntry | null {
    const entry = this.find(name, nowMs)
    if (entry === undefined) return null
    if (this.#predicted.has(name)) this.#credit = creditRead(this.#credit)
    this.#remove(name, entry)
    this.#insert(name, { ...entry, isUnread: false, renewedMs: nowMs })
    return { value: entry.value, source: withoutClaim(entry.source), firstRead: entry.isUnread }
  }

  renew(name: string, nowMs: number): boolean {
    const entry = this.find(name, nowMs)
    if (entry === undefined) return false
    this.#remove(name, entry)
    this.#insert(name, { ...entry, renewedMs: nowMs })
    return true
  }

  /** False when the value alone is over the limit. */
  add(name: string, entry: Entry): boolean {
    if (this.#bytesMax !== null) {
      if (entry.value.byteLength > this.#bytesMax) return false
      this.#makeRoom(this.#bytesMax, { bytes: entry.value.byteLength, nowMs: entry.renewedMs })
    }
    if (entry.isUnread && !isAsked(entry)) this.#credit = creditBrought(this.#credit)
    this.#insert(name, entry)
    return true
  }

  pressure(nowMs: number): CachePressure {
    this.#dropExpired(nowMs)
    const isLive = (entry: Entry) => !entry.isUnread && entry.renewedMs >= nowMs - this.#lifetimes.liveMs
    const [bytesMax, bytesUsed] = [this.#bytesMax, this.#bytes]
    const live = bytesMax === null ? 0 : bytesOf([...this.#recent.values()].filter(isLive)) / bytesMax
    const pressure = Math.min(1, live)
    const takesPredictions = this.#predictedBytes < this.#predictedBytesMax(bytesMax ?? Number.POSITIVE_INFINITY)
    return { bytesMax, bytesUsed, pressure, pressureMin: pressure, takesPredictions }
  }

  stats(workspaceId: string, nowMs: number): CacheStats {
    const ours = this.#of(workspaceId, nowMs).map(([, entry]) => entry)
    return { entries: ours.length, bytes: bytesOf(ours), unreadWarms: ours.filter(({ isUnread }) => isUnread).length }
  }

  clear(workspaceId: string, nowMs: number): number {
    const ours = this.#of(workspaceId, nowMs)
    for (const [name, entry] of ours) this.#remove(name, entry)
    return ours.length
  }

  #of(workspaceId: string, nowMs: number): readonly (readonly [string, Entry])[] {
    this.#dropExpired(nowMs)
    return [...this.#asked, ...this.#recent].filter(([, entry]) => entry.workspaceId === workspaceId)
  }

  #predictedBytesMax = (bytesMax: number): number => bytesMax * earnedShare(this.#credit)

  #makeRoom(bytesMax: number, wanted: { readonly bytes: number; readonly nowMs: number }): void {
    while (this.#bytes + wanted.bytes > bytesMax) {
      const name = this.#nextToLeave(bytesMax, wanted.nowMs)
      const entry = this.#recent.get(name) ?? this.#asked.get(name)
      if (entry === undefined) return
      this.#remove(name, entry)
    }
  }

  #nextToLeave(bytesMax: number, nowMs: number): string {
    const [oldest] = this.#recent
    if (oldest !== undefined && oldest[1].renewedMs < nowMs - this.#lifetimes.liveMs) return oldest[0]
    const [asked] = this.#asked.keys()
    if (asked !== undefined) return asked
    const [predicted] = this.#predicted
    const isOver = this.#predictedBytes > this.#predictedBytesMax(bytesMax)
    return (isOver ? predicted : undefined) ?? oldest?.[0] ?? ''
  }

  #dropExpired(nowMs: number): void {
    this.#dropRenewedBefore(this.#asked, nowMs - this.#lifetimes.unreadMs)
    this.#dropRenewedBefore(this.#recent, nowMs - this.#lifetimes.readMs)
  }

  #dropRenewedBefore(table: Map<string, Entry>, oldestMs: number): void {
    for (const [name, entry] of table) {
      if (entry.renewedMs > oldestMs) return
      this.#remove(name, entry)
    }
  }

  #insert(name: string, entry: Entry): void {
    this.#bytes += entry.value.byteLength
    if (isAsked(entry)) {
      this.#asked.set(name, entry)
      return
    }
    this.#recent.set(name, entry)
    if (!entry.isUnread) return
    this.#predicted.add(name)
    this.#predictedBytes += entry.value.byteLength
  }

  #remove(name: string, entry: Entry): void {
    this.#bytes -= entry.value.byteLength
    this.#asked.delete(name)
    this.#recent.delete(name)
    if (this.#predicted.delete(name)) this.#predictedBytes -= entry.value.byteLength
  }
}

function withoutClaim(source: PutSource): EntrySource {
  if (source.kind === 'fill') return source
  const { kind, commandId, traceparent } = source
  return { kind, commandId, traceparent }
}

const bytesOf = (entries: readonly Entry[]): number => entries.reduce((sum, entry) => sum + entry.value.byteLength, 0)
