import type { Cache, CacheEntry, CacheKey, PutResult, PutSource } from '../../ports/cache.ts'
import { ForewarmError } from '../../ports/errors.ts'
import { SPEND_WAIT_MS_MAX } from '../../warming/spend.ts'
import { decodeEntry, encodeEntry, STATE_OFFSET, UNREAD_BYTE } from '../../wire/cache-entry.ts'
import { askedLifeMsMax, type CacheLifetimes, DEFAULT_LIFETIMES, jitteredMs, pointerLifeMs } from '../cache-lifetime.ts'
import { pack, sourceOf, unpack } from '../compression.ts'
import { remembered } from '../remembered.ts'
import { type CacheKeys, createCacheKeys } from './cache-keys.ts'
import { measurePressure, pressureFrom } from './cache-pressure.ts'
import { dropForRoom, type OwnWarmsByClaim } from './cache-room.ts'
import { clearEntries, countEntries } from './cache-scan.ts'
import type { RedisConnection } from './connect.ts'
import { addressOfKey } from './node-address.ts'
import { OwnWarms } from './own-warms.ts'
import { loadScript, type RedisScript, runScript, toBuffer } from './script.ts'

export type RedisCacheOptions = {
  /** Put before every key, for several deployments on one Redis; default `fwc:`. */
  readonly keyPrefix?: string
  /**
   * Longer values are refused as `full` before they are sent (Redis would evict others for them first), and longer
   * entries read as damaged; default 16 MiB; keep it well below maxmemory.
   */
  readonly valueBytesMax?: number
  readonly lifetimes?: Partial<CacheLifetimes>
  /** Pressure is measured anew after so long; default 1 s, 0 for always. */
  readonly pressureAgeMsMax?: number
  /** Told of every damaged entry; it is removed and counts as a miss. */
  readonly onDamaged?: () => void
}

const VALUE_BYTES_MAX = 16 * 1_024 * 1_024
const PRESSURE_AGE_MS_MAX = 1_000

/** Memory that Redis takes for an entry beside its key and its value, about. */
const ENTRY_BYTES = 64

/** No node has this address. */
const NO_NODE = 'none'

const MARK_READ = loadScript('mark-read-1')
const RENEW = loadScript('renew-1')
const MOVE_POINTER = loadScript('move-pointer-1')
const LEASE = loadScript('lease-1')
const RELEASE = loadScript('release-1')
const SPEND = loadScript('spend-1')

/**
 * The cache on Redis 7 or Redis Cluster, which must have `maxmemory-policy volatile-ttl` and `maxmemory-samples 10`: what
 * has the least time left leaves first, and every key has a time. That keeps the order of the port but for warms that runs
 * asked for, which it puts before cold values, and for predictions above their share, so whoever warms calls `makeRoom`
 * first. The cache owns the connection and closes it.
 */
export function createRedisCache(connection: RedisConnection, options: RedisCacheOptions = {}): Cache {
  const { client, run } = connection
  const keys = createCacheKeys(options.keyPrefix ?? 'fwc:')
  const lifetimes = { ...DEFAULT_LIFETIMES, ...options.lifetimes }
  const context: Context = {
    connection,
    keys,
    lifetimes,
    own: { asked: new OwnWarms(lifetimes.unreadMs), predicted: new OwnWarms(lifetimes.readMs) },
    valueBytesMax: options.valueBytesMax ?? VALUE_BYTES_MAX,
    onDamaged: options.onDamaged ?? (() => {}),
  }
  const isYes = async (script: RedisScript, key: string, args: readonly (string | number)[] = []): Promise<boolean> =>
    (await run(() => runScript(client, { script, keys: [key], args }))) === 1
  const renew = (key: CacheKey): Promise<boolean> =>
    isYes(RENEW, keys.entry(key), [jitteredMs(lifetimes.unreadMs, key), lifetimes.readMs, askedLifeMsMax(lifetimes)])
  const measured = remembered(options.pressureAgeMsMax ?? PRESSURE_AGE_MS_MAX, () =>
    measurePressure(connection, keys, lifetimes),
  )
  return {
    get: (key) => getEntry(context, key),
    has: (wanted) => run(() => Promise.all(wanted.map(async (key) => (await client.exists(keys.entry(key))) === 1))),
    put: (key, value, source) => putEntry(context, key, { value, source }),
    makeRoom: (bytes) => dropForRoom(connection, { bytes, keys, lifetimes, own: context.own }),
    renew: (wanted) => Promise.all(wanted.map(renew)),
    pointer: async (key) => {
      const lifeMs = pointerLifeMs(lifetimes, key)
      const stored = await run(() => client.getex(keys.pointer(key), 'PX', lifeMs))
      const version = stored?.slice(stored.indexOf(' ') + 1)
      return version === undefined || version === '' ? null : version
    },
    movePointer: (key, version, atMs) =>
      isYes(MOVE_POINTER, keys.pointer(key), [atMs, version ?? '', pointerLifeMs(lifetimes, key)]),
    lease: (key, holder, ttlMs) => isYes(LEASE, keys.lease(key), [holder, ttlMs]),
    release: async (key, holder) => {
      await isYes(RELEASE, keys.lease(key), [holder])
    },
    spend: async (budget, amount, { perSecond, burst, waitMsMax }) => {
      // As long as what was read lives: under pressure it then is among the last to leave.
      const args = [amount, perSecond, burst, waitMsMax, SPEND_WAIT_MS_MAX, lifetimes.readMs]
      return Number(await run(() => runScript(client, { script: SPEND, keys: [keys.budget(budget)], args })))
    },
    pressure: async (key) =>
      pressureFrom(await measured(), (key === undefined ? null : addressOfKey(connection, keys.entry(key))) ?? NO_NODE),
    stats: (workspaceId) => countEntries(connection, keys.entriesOf(workspaceId)),
    clear: (workspaceId) => clearEntries(connection, keys.entriesOf(workspaceId)),
    healthy: () => connection.healthy(),
    close: () => connection.close(),
  }
}

type Context = {
  readonly connection: RedisConnection
  readonly keys: CacheKeys
  readonly lifetimes: CacheLifetimes
  readonly own: OwnWarmsByClaim
  readonly valueBytesMax: number
  readonly onDamaged: () => void
}

/** One native command for a hit; only the first read of a warm needs a script, which picks the one first reader. */
async function getEntry(context: Context, key: CacheKey): Promise<CacheEntry | null> {
  const { client, run } = context.connection
  const name = context.keys.entry(key)
  const bytes = await run(() => client.getexBuffer(name, 'PX', context.lifetimes.readMs))
  if (bytes === null) return null
  const entry = decodeEntry(bytes, context.valueBytesMax)
  const value = entry === null ? null : await unpack(entry)
  if (entry === null || value === null) {
    // Left where it is, it would keep the right value out until it expires.
    await run(() => client.unlink(name))
    context.onDamaged()
    return null
  }
  const isUnread = bytes[STATE_OFFSET] === UNREAD_BYTE
  const firstRead =
    isUnread && (await run(() => runScript(client, { script: MARK_READ, keys: [name], args: [] }))) === 1
  return { value, source: sourceOf(entry), firstRead }
}

type Incoming = { readonly value: Uint8Array; readonly source: PutSource }

async function putEntry(context: Context, key: CacheKey, { value, source }: Incoming): Promise<PutResult> {
  if (value.length > context.valueBytesMax) return 'full'
  const { client, run } = context.connection
  const isWarm = source.kind === 'warm'
  const bytes = encodeEntry({
    ...(await pack(value)),
    state: isWarm ? 'unread' : 'filled',
    valueBytes: value.length,
    commandId: isWarm ? source.commandId : '',
    traceparent: isWarm ? source.traceparent : null,
  })
  const { readMs, unreadMs } = context.lifetimes
  const isAsked = isWarm && source.predicted !== true
  const lifeMs = isAsked ? jitteredMs(unreadMs, key) : readMs
  const name = context.keys.entry(key)
  try {
    if ((await run(() => client.set(name, toBuffer(bytes), 'PX', lifeMs, 'NX'))) !== 'OK') return 'present'
    const warm = { name, bytes: bytes.length + name.length + ENTRY_BYTES, atMs: performance.now() }
    if (isWarm)
      context.own[isAsked ? 'asked' : 'predicted'].add(addressOfKey(context.connection, name) ?? NO_NODE, warm)
    return 'stored'
  } catch (error) {
    if (error instanceof ForewarmError && error.code === 'FW_CACHE_FULL') return 'full'
    throw error
  }
}
