import { randomBytes } from 'node:crypto'
import { BUCKETS } from '../../model/identity.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { ApplyRequest, ApplyResult, ModelStore, RowAddress, RowWrite } from '../../ports/model-store.ts'
import { assertApplicable, metaFromText, metaToText } from '../model-rows.ts'
import type { RedisConnection } from './connect.ts'
import { measureRoom, verifyNoEviction } from './eviction-policy.ts'
import { createModelKeys, fieldOf, type ModelKeys, rowOf } from './model-keys.ts'
import { scanKeys } from './node.ts'
import { createRedisNotes } from './notes.ts'
import { loadScript, runScript } from './script.ts'

export type RedisModelStoreOptions = {
  /** Digits and letters; models of other limits live under another version. */
  readonly modelVersion: string
  /** Put before every key, for several deployments on one Redis; default `fw:`. */
  readonly keyPrefix?: string
}

const SCAN_ROWS = 1_000
const GET_ROWS = 500
/** The fence is stored behind the number of the change that wrote it. */
const CHANGE_DIGITS = 16
/** Sendings of one change: a lost reply is asked for again once, then it is the caller's turn to look at the fence. */
const SENDINGS = 2
/** A bucket that others write to all the time cannot be dropped. */
const DROP_ATTEMPTS = 10
/** What apply-n.lua answers for a bucket in which half of a change has come back. */
const TORN = 2

const APPLY = loadScript('apply-n')
const DROP = loadScript('drop-n')
const SHARE = loadScript('share-1')

/** Models on Redis 7 or Redis Cluster. The store owns the connection and closes it. */
export function createRedisModelStore(connection: RedisConnection, options: RedisModelStoreOptions): ModelStore {
  const keyPrefix = options.keyPrefix ?? 'fw:'
  const keys = createModelKeys(keyPrefix, options.modelVersion)
  const { client, run } = connection
  return {
    notes: createRedisNotes(connection, keyPrefix),
    fences: (buckets) => fencesOf(connection, keys, buckets),
    apply: (request) => apply(connection, keys, request),
    scan: (address) => scanRows(connection, keys, address),
    get: (address, rows) => run(() => getRows(connection, keys, { address, rows })),
    shardKeys: () =>
      run(async () => {
        const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket)
        return (await Promise.all(buckets.map((bucket) => client.hvals(keys.shards(bucket))))).flat()
      }),
    dropBucket: (bucket) => dropBucket(connection, keys, bucket),
    claim: (meta) =>
      run(async () => {
        const text = metaToText(meta)
        return metaFromText((await client.set(keys.meta, text, 'NX', 'GET')) ?? text)
      }),
    shared: (name) =>
      run(async () => {
        const [version, value] = await client.hmgetBuffer(keys.shared(name), 'n', 'v')
        return version == null || value == null ? null : { value, version: Number(version.toString()) }
      }),
    share: (name, value, version) =>
      run(async () => {
        const call = { script: SHARE, keys: [keys.shared(name)], args: [version, version + 1, value] }
        return (await runScript(client, call)) === 1
      }),
    verify: () => verifyNoEviction(connection),
    room: () => measureRoom(connection),
    healthy: () => connection.healthy(),
    close: () => connection.close(),
  }
}

type StoredFence = {
  /** With the number of the change that wrote it. */
  readonly fence: string | null
  /** Half of a change has come back: apply-n.lua. */
  readonly torn: boolean
}

async function storedFence({ client }: RedisConnection, keys: ModelKeys, bucket: number): Promise<StoredFence> {
  const [fence = null, begun, ended] = await client.hmget(keys.fence(bucket), 'f', 'b', 'e')
  return { fence, torn: begun !== ended }
}

async function fencesOf(
  connection: RedisConnection,
  keys: ModelKeys,
  buckets: readonly number[],
): Promise<readonly (string | null)[]> {
  const stored = await connection.run(() => Promise.all(buckets.map((each) => storedFence(connection, keys, each))))
  return Promise.all(
    stored.map(({ fence, torn }, at) => {
      const bucket = buckets[at]
      if (torn && bucket !== undefined) return fenceOfTorn(connection, keys, bucket)
      return fence?.slice(CHANGE_DIGITS) ?? null
    }),
  )
}

/**
 * Nobody knows what the rows of a torn bucket hold, so it is dropped: a bucket without a fence is folded from the log's
 * start. Whoever comes second finds it dropped, or written anew.
 */
async function fenceOfTorn(connection: RedisConnection, keys: ModelKeys, bucket: number): Promise<string | null> {
  await dropOnce(connection, keys, bucket)
  const [fence = null] = await fencesOf(connection, keys, [bucket])
  return fence
}

/**
 * A reply that is lost leaves open whether the change was made. Sending the same change again asks: the script finds
 * its own number in the fence and says that it is made, or makes it, or names the fence of somebody else.
 */
async function apply(connection: RedisConnection, keys: ModelKeys, request: ApplyRequest): Promise<ApplyResult> {
  assertApplicable(request)
  const call = { script: APPLY, ...applyArguments(keys, request) }
  for (let sending = 1; ; sending += 1) {
    try {
      const [written, fence] = (await connection.run(() => runScript(connection.client, call))) as [number, Buffer?]
      if (written === TORN) return { applied: false, fence: await fenceOfTorn(connection, keys, request.bucket) }
      return written === 1 ? { applied: true } : { applied: false, fence: fence?.toString() ?? null }
    } catch (error) {
      const isLost = error instanceof ForewarmError && error.code === 'FW_STORE_UNAVAILABLE' && error.retriable
      if (!isLost || sending === SENDINGS) throw error
    }
  }
}

function applyArguments(
  keys: ModelKeys,
  request: ApplyRequest,
): { keys: string[]; args: (string | number | Uint8Array)[] } {
  const change = randomBytes(CHANGE_DIGITS / 2).toString('hex')
  const hashes = rowsOfHashes(keys, request)
  const args: (string | number | Uint8Array)[] = [change, request.expected ?? '', request.next]
  for (const rows of hashes.values()) pushRows(args, rows)
  return { keys: [keys.fence(request.bucket), ...hashes.keys()], args }
}

/** A row that is named twice keeps its last write, as it does where rows are written one after the other. */
type RowsOfHash = Map<string, RowWrite>

/** This runs for every row that ingest writes: neighbours are mostly of one hash, whose name is made once. */
function rowsOfHashes(keys: ModelKeys, { bucket, rows }: ApplyRequest): Map<string, RowsOfHash> {
  const hashes = new Map<string, RowsOfHash>()
  let before: RowWrite | null = null
  let hash: RowsOfHash = new Map()
  for (const write of rows) {
    const { shard, space, row } = write
    if (before === null || before.shard !== shard || before.space !== space) {
      const name = keys.rows({ bucket, shard, space })
      hash = hashes.get(name) ?? new Map()
      hashes.set(name, hash)
    }
    hash.set(space === 'shards' ? shard + row : row, write)
    before = write
  }
  return hashes
}

function pushRows(args: (string | number | Uint8Array)[], rows: RowsOfHash): void {
  const deleted: Buffer[] = []
  const counts = args.push(0, 0) - 2
  for (const { space, shard, row, value } of rows.values()) {
    const field = fieldOf(space, shard, row)
    if (value === null) deleted.push(field)
    else args.push(field, value)
  }
  args[counts] = rows.size - deleted.length
  args[counts + 1] = deleted.length
  args.push(...deleted)
}

type RowChunk = readonly (readonly [row: string, value: Uint8Array])[]

/** Asks for the next chunk before it hands out the one that has come. A row may come twice while the hash is resized. */
async function* scanRows(connection: RedisConnection, keys: ModelKeys, address: RowAddress): AsyncIterable<RowChunk> {
  const { client, run } = connection
  const key = keys.rows(address)
  const ask = (cursor: string): Promise<[Buffer, Buffer[]]> =>
    run(() =>
      address.space === 'shards'
        ? client.hscanBuffer(key, cursor, 'MATCH', `${address.shard}*`, 'COUNT', SCAN_ROWS)
        : client.hscanBuffer(key, cursor, 'COUNT', SCAN_ROWS),
    )
  let asked: Promise<[Buffer, Buffer[]]> | null = ask('0')
  while (asked !== null) {
    const [cursor, flat]: [Buffer, Buffer[]] = await asked
    asked = cursor.toString() === '0' ? null : ask(cursor.toString())
    // The failure is met when the chunk is awaited, or not at all if the reader stops before.
    asked?.catch(() => {})
    const chunk = toRows(address, flat)
    if (chunk.length > 0) yield chunk
  }
}

function toRows({ space, shard }: RowAddress, flat: readonly Buffer[]): RowChunk {
  const rows: [string, Uint8Array][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [field, value] = [flat[at], flat[at + 1]]
    if (field !== undefined && value !== undefined) rows.push([rowOf(space, shard, field), value])
  }
  return rows
}

type RowsWanted = { readonly address: RowAddress; readonly rows: readonly string[] }

async function getRows(
  { client }: RedisConnection,
  keys: ModelKeys,
  { address, rows }: RowsWanted,
): Promise<readonly (Uint8Array | null)[]> {
  const key = keys.rows(address)
  const fields = rows.map((row) => fieldOf(address.space, address.shard, row))
  const chunks = []
  for (let at = 0; at < fields.length; at += GET_ROWS) {
    chunks.push(client.hmgetBuffer(key, ...fields.slice(at, at + GET_ROWS)))
  }
  return (await Promise.all(chunks)).flat()
}

/**
 * Rows and fence go together or not at all: a fence without its rows would claim what is not there, rows without a fence
 * would be counted again. A shard written between listing and removing shows in the fence, and the listing is repeated.
 */
async function dropBucket(connection: RedisConnection, keys: ModelKeys, bucket: number): Promise<void> {
  for (let attempt = 1; attempt <= DROP_ATTEMPTS; attempt += 1) {
    if (await dropOnce(connection, keys, bucket)) return
  }
  throw new ForewarmError(
    'FW_STORE_UNAVAILABLE',
    `bucket ${bucket} was written to during ${DROP_ATTEMPTS} attempts to drop it: stop its owner first`,
    { retriable: true },
  )
}

async function dropOnce(connection: RedisConnection, keys: ModelKeys, bucket: number): Promise<boolean> {
  const { client, run } = connection
  const fenceKey = keys.fence(bucket)
  const { fence } = await run(() => storedFence(connection, keys, bucket))
  const found = await keysOf(connection, keys.patternOf(bucket))
  found.delete(fenceKey)
  const call = { script: DROP, keys: [fenceKey, ...found], args: [fence ?? ''] }
  return (await run(() => runScript(client, call))) === 1
}

async function keysOf(connection: RedisConnection, pattern: string): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { names } of scanKeys(connection, pattern)) {
    for (const name of names) found.add(name)
  }
  return found
}
