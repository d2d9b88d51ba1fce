import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { creditBrought, creditRead, earnedShare, type WarmCredit } from '../../model/warm-share.ts'
import type { Cache, CacheEntry, CacheKey, CachePressure, PutResult, PutSource } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { ForewarmError } from '../../ports/errors.ts'
import { type CacheLifetimes, DEFAULT_LIFETIMES, jitteredMs } from '../cache-lifetime.ts'
import { type Packed, pack, sourceOf, unpack } from '../compression.ts'
import { remembered } from '../remembered.ts'
import { type CacheStatements, prepareCache } from './cache-statements.ts'
import { columnsOf, createSqliteCoordination } from './coordination.ts'
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
    touch(context, key, found['was_read'] === 0 ? 'asked' : 'read')
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
    ...createSqliteCoordination(context),
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
  const { bytes, share } = guard(() => predictionsIn(statements))
  const takesPredictions = bytes < share * bytesMax
  return { bytesMax, bytesUsed: guard(() => bytesUsed(statements)), pressure, pressureMin: pressure, takesPredictions }
}

type Context = ReturnType<typeof makeContext>

function makeContext(database: DatabaseSync, options: SqliteCacheOptions) {
  const lifetimes = { ...DEFAULT_LIFETIMES, ...options.lifetimes }
  const guard = <Result>(work: () => Result): Result =>
    guardSqlite({ unavailable: 'FW_CACHE_UNAVAILABLE', full: 'FW_CACHE_FULL' }, work)
  return {
    database,
    statements: guard(() => prepareCache(database)),
    clock: options.clock,
    bytesMax: options.bytesMax,
    liveMs: lifetimes.liveMs,
    onDamaged: options.onDamaged ?? (() => {}),
    guard,
    lifeMs: (what: Claim, key: CacheKey): number =>
      what === 'read' ? lifetimes.readMs : jitteredMs(lifetimes.unreadMs, key),
  }
}

/** Whether an entry leaves by recency, or first because a run asked for it and nobody has read it. */
type Claim = 'asked' | 'read'

const bytesUsed = (statements: CacheStatements): number => Number(statements.bytesUsed.get()?.['bytes'] ?? 0)

/** Bytes of unread predictions, the share of the cache that they may hold, and what that rests on. */
function predictionsIn(statements: CacheStatements): { bytes: number; share: number; credit: WarmCredit } {
  const row = statements.predictions.get()
  const credit = { brought: Number(row?.['brought'] ?? 0), read: Number(row?.['was_read'] ?? 0) }
  return { bytes: Number(row?.['bytes'] ?? 0), share: earnedShare(credit), credit }
}

function setCredit(statements: CacheStatements, { brought, read }: WarmCredit): void {
  statements.setCredit.run(brought, read)
}

function touch({ statements, clock, lifeMs }: Context, key: CacheKey, claim: Claim): void {
  const nowMs = clock.now()
  statements.touch.run(nowMs, nowMs + lifeMs(claim, key), ...columnsOf(key))
}

async function getEntry(context: Context, key: CacheKey): Promise<CacheEntry | null> {
  const { database, statements, clock, guard } = context
  const read = (): Record<string, SQLOutputValue> | undefined => {
    const found = statements.read.get(...columnsOf(key), clock.now())
    if (found === undefined) return undefined
    if (found['state'] === 'unread') statements.markRead.run(...columnsOf(key))
    if (found['state'] === 'unread' && found['was_read'] === 1) {
      setCredit(statements, creditRead(predictionsIn(statements).credit))
    }
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

type Incoming = { readonly value: Uint8Array; readonly source: PutSource }

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
  const isPredicted = isWarm && source.predicted === true
  if (isPredicted) setCredit(statements, creditBrought(predictionsIn(statements).credit))
  const claim = isWarm && !isPredicted ? 'asked' : 'read'
  const { lastInsertRowid } = statements.insertEntry.run({
    workspace: key.workspaceId,
    rest: key.rest,
    state: isWarm ? 'unread' : 'filled',
    was_read: claim === 'asked' ? 0 : 1,
    renewed_ms: nowMs,
    expires_ms: nowMs + lifeMs(claim, key),
    bytes: packed.payload.length,
    compression: packed.compression,
    value_bytes: value.length,
    command_id: isWarm ? source.commandId : '',
    traceparent: isWarm ? source.traceparent : null,
  })
  statements.insertPayload.run(lastInsertRowid, packed.payload)
  return 'stored'
}

/** The order of leaving of src/ports/cache.ts, a few entries a step. */
function makeRoom(context: Context, bytes: number): void {
  const { statements, clock, bytesMax } = context
  if (bytesUsed(statements) + bytes <= bytesMax) return
  statements.removeExpired.run(clock.now())
  let missing = bytesUsed(statements) + bytes - bytesMax
  while (missing > 0) {
    const { entries, bytesToDrop } = nextToLeave(context, missing)
    if (entries.length === 0) return
    let dropped = 0
    for (const leaving of entries) {
      if (dropped >= bytesToDrop) break
      statements.removeRow.run(Number(leaving['id']))
      dropped += Number(leaving['bytes'])
    }
    missing -= dropped
  }
}

type Leaving = { readonly entries: readonly Record<string, SQLOutputValue>[]; readonly bytesToDrop: number }

function nextToLeave({ statements, clock, bytesMax, liveMs }: Context, missing: number): Leaving {
  const cold = statements.leavingCold.all(clock.now() - liveMs, EVICTION_STEP)
  if (cold.length > 0) return { entries: cold, bytesToDrop: missing }
  const asked = statements.leavingAsked.all(EVICTION_STEP)
  if (asked.length > 0) return { entries: asked, bytesToDrop: missing }
  const { bytes, share } = predictionsIn(statements)
  const over = bytes - share * bytesMax
  if (over > 0) return { entries: statements.leavingPredicted.all(EVICTION_STEP), bytesToDrop: Math.min(missing, over) }
  return { entries: statements.leavingRecent.all(EVICTION_STEP), bytesToDrop: missing }
}
