import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Cache, CacheEntry, CacheKey, CachePressure, EntrySource, PutResult } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { ForewarmError } from '../../ports/errors.ts'
import { spend } from '../../warming/spend.ts'
import { type CacheLifetimes, DEFAULT_LIFETIMES, jitteredMs, readLifeMs } from '../cache-lifetime.ts'
import { type Packed, pack, sourceOf, unpack } from '../compression.ts'
import { remembered } from '../remembered.ts'
import { type CacheStatements, prepareCache } from './cache-statements.ts'
import { transact } from './database.ts'
import { guardSqlite } from './errors.ts'

export type SqliteCacheOptions = {
  readonly clock: Pick<Clock, 'now'>
  /** Bytes of stored values (packed, without the file's own overhead) that the cache holds at most, and of one value. */
  readonly bytesMax: number
  readonly lifetimes?: Partial<CacheLifetimes>
  /** Pressure is measured anew after so long; default 1 s, 0 for always. */
  readonly pressureAgeMsMax?: number
  /** Told of every damaged entry; it is removed and counts as a miss. */
  readonly onDamaged?: () => void
}

const PRESSURE_AGE_MS_MAX = 1_000

/** Entries looked at in one step of making room. */
const EVICTION_STEP = 64

/** The cache in the embedded file. The opener of `database` closes it. */
export function createSqliteCache(database: DatabaseSync, options: SqliteCacheOptions): Cache {
  const context = makeContext(database, options)
  const { statements, clock, guard } = context
  const renew = (key: CacheKey): boolean => {
    const found = statements.find.get(...columnsOf(key), clock.now())
    if (found === undefined) return false
    touch(context, key, found['state'] === 'unread' ? 'unread' : 'read')
    return true
  }
  const pressure = remembered(options.pressureAgeMsMax ?? PRESSURE_AGE_MS_MAX, async () => pressureOf(context))
  return {
    get: (key) => getEntry(context, key),
    async has(keys) {
      return guard(() => keys.map((key) => statements.find.get(...columnsOf(key), clock.now()) !== undefined))
    },
    put: (key, value, source) => putEntry(context, key, { value, source }),
    /** Nothing to do: the order in which entries leave makes the room. */
    async makeRoom() {},
    async renew(keys) {
      return guard(() => transact(database, () => keys.map(renew)))
    },
    async pointer(key) {
      const version = guard(() => statements.pointer.get(...columnsOf(key)))?.['version']
      return typeof version === 'string' ? version : null
    },
    async movePointer(key, version, atMs) {
      return guard(() => statements.movePointer.run(...columnsOf(key), version, atMs)).changes === 1
    },
    async lease(key, holder, ttlMs) {
      const nowMs = clock.now()
      const take = (): boolean => {
        statements.removeExpiredLeases.run(nowMs)
        return statements.lease.run(...columnsOf(key), holder, nowMs + ttlMs).changes === 1
      }
      return guard(() => transact(database, take))
    },
    async release(key, holder) {
      guard(() => statements.release.run(...columnsOf(key), holder))
    },
    async spend(budget, amount, limit) {
      const take = (): number => {
        statements.removeFullBudgets.run(clock.now())
        const fullAtMs = statements.budget.get(...columnsOf(budget))?.['full_at_ms']
        const spent = spend(typeof fullAtMs === 'number' ? fullAtMs : null, clock.now(), amount, limit)
        statements.setBudget.run(...columnsOf(budget), spent.fullAtMs)
        return spent.waitMs
      }
      return guard(() => transact(database, take))
    },
    pressure: async () => pressure(),
    async stats(workspaceId) {
      const found = guard(() => statements.stats.get(workspaceId, clock.now()))
      const count = (name: string): number => Number(found?.[name] ?? 0)
      return { entries: count('entries'), bytes: count('bytes'), unreadWarms: count('unread') }
    },
    async clear(workspaceId) {
      return Number(guard(() => statements.clear.run(workspaceId)).changes)
    },
    async healthy() {
      return database.isOpen
    },
    async close() {},
  }
}

function pressureOf({ statements, clock, bytesMax, liveMs, guard }: Context): CachePressure {
  const liveBytes = Number(guard(() => statements.liveBytes.get(clock.now() - liveMs))?.['bytes'])
  const pressure = Math.min(1, liveBytes / bytesMax)
  return { bytesMax, bytesUsed: guard(() => bytesUsed(statements)), pressure, pressureMin: pressure }
}

type Context = ReturnType<typeof makeContext>

function makeContext(database: DatabaseSync, options: SqliteCacheOptions) {
  const lifetimes = { ...DEFAULT_LIFETIMES, ...options.lifetimes }
  return {
    database,
    statements: prepareCache(database),
    clock: options.clock,
    bytesMax: options.bytesMax,
    liveMs: lifetimes.liveMs,
    onDamaged: options.onDamaged ?? (() => {}),
    guard: <Result>(work: () => Result): Result =>
      guardSqlite({ unavailable: 'FW_CACHE_UNAVAILABLE', full: 'FW_CACHE_FULL' }, work),
    lifeMs: (what: 'unread' | 'read', key: CacheKey): number =>
      what === 'read' ? readLifeMs(lifetimes, key) : jitteredMs(lifetimes.unreadMs, key),
  }
}

const columnsOf = (key: CacheKey): [string, string] => [key.workspaceId, key.rest]

const bytesUsed = (statements: CacheStatements): number => Number(statements.bytesUsed.get()?.['bytes'] ?? 0)

function touch({ statements, clock, lifeMs }: Context, key: CacheKey, group: 'unread' | 'read'): void {
  const nowMs = clock.now()
  statements.touch.run(nowMs, nowMs + lifeMs(group, key), ...columnsOf(key))
}

async function getEntry(context: Context, key: CacheKey): Promise<CacheEntry | null> {
  const { database, statements, clock, guard } = context
  const read = (): Record<string, SQLOutputValue> | undefined => {
    const found = statements.read.get(...columnsOf(key), clock.now())
    if (found === undefined) return undefined
    if (found['state'] === 'unread') statements.markRead.run(...columnsOf(key))
    touch(context, key, 'read')
    return found
  }
  const row = guard(() => transact(database, read))
  if (row === undefined) return null
  const entry = entryOf(row, context.bytesMax)
  const value = entry === null ? null : await unpack(entry)
  if (entry === null || value === null) {
    guard(() => statements.remove.run(...columnsOf(key)))
    context.onDamaged()
    return null
  }
  return { value, source: sourceOf(entry), firstRead: entry.state === 'unread' }
}

type StoredRow = Parameters<typeof unpack>[0] & Parameters<typeof sourceOf>[0]

/** The columns of a row as an entry; null when one of them holds something else, or a value that cannot have been put. */
function entryOf(row: Record<string, SQLOutputValue>, valueBytesMax: number): StoredRow | null {
  const { state, compression, value_bytes: valueBytes, command_id: commandId, traceparent, payload } = row
  if (state !== 'filled' && state !== 'unread' && state !== 'read') return null
  if (compression !== 'none' && compression !== 'zstd') return null
  if (typeof valueBytes !== 'number' || valueBytes > valueBytesMax || !(payload instanceof Uint8Array)) return null
  return {
    state,
    compression,
    valueBytes,
    commandId: String(commandId),
    traceparent: traceparent === null ? null : String(traceparent),
    payload,
  }
}

type Incoming = { readonly value: Uint8Array; readonly source: EntrySource }

async function putEntry(context: Context, key: CacheKey, incoming: Incoming): Promise<PutResult> {
  const { database, guard, bytesMax } = context
  if (incoming.value.length > bytesMax) return 'full'
  const packed = await pack(incoming.value)
  try {
    return guard(() => transact(database, () => insert(context, key, { ...incoming, packed })))
  } catch (error) {
    if (error instanceof ForewarmError && error.code === 'FW_CACHE_FULL') return 'full'
    throw error
  }
}

function insert(context: Context, key: CacheKey, incoming: Incoming & { packed: Packed }): PutResult {
  const { statements, clock, lifeMs } = context
  const { value, source, packed } = incoming
  const nowMs = clock.now()
  if (statements.find.get(...columnsOf(key), nowMs) !== undefined) return 'present'
  statements.remove.run(...columnsOf(key))
  makeRoom(context, packed.payload.length)
  const isWarm = source.kind === 'warm'
  const { lastInsertRowid } = statements.insertEntry.run({
    workspace: key.workspaceId,
    rest: key.rest,
    state: isWarm ? 'unread' : 'filled',
    was_read: isWarm ? 0 : 1,
    renewed_ms: nowMs,
    expires_ms: nowMs + lifeMs(isWarm ? 'unread' : 'read', key),
    bytes: packed.payload.length,
    compression: packed.compression,
    value_bytes: value.length,
    command_id: isWarm ? source.commandId : '',
    traceparent: isWarm ? source.traceparent : null,
  })
  statements.insertPayload.run(lastInsertRowid, packed.payload)
  return 'stored'
}

/** Expired entries leave first, then cold ones, the coldest first, then unread warms, the oldest first, then live ones. */
function makeRoom({ statements, clock, bytesMax, liveMs }: Context, bytes: number): void {
  if (bytesUsed(statements) + bytes <= bytesMax) return
  const nowMs = clock.now()
  statements.removeExpired.run(nowMs)
  let missing = bytesUsed(statements) + bytes - bytesMax
  while (missing > 0) {
    const cold = statements.leavingCold.all(nowMs - liveMs, EVICTION_STEP)
    const next = cold.length > 0 ? cold : statements.leaving.all(EVICTION_STEP)
    if (next.length === 0) return
    for (const leaving of next) {
      if (missing <= 0) return
      statements.removeRow.run(Number(leaving['id']))
      missing -= Number(leaving['bytes'])
    }
  }
}
