import type { Redis } from 'ioredis'
import { askedLifeMsMax, type CacheLifetimes } from '../cache-lifetime.ts'
import type { CacheKeys } from './cache-keys.ts'
import { bytesOf, predictionsIn, type Sampled, sampleNode, turnsColdMs } from './cache-sample.ts'
import type { RedisConnection } from './connect.ts'
import { infoNumber, pipelined } from './node.ts'
import { addressOf } from './node-address.ts'
import type { OwnWarms } from './own-warms.ts'
import { loadScript } from './script.ts'

/** Part of a node's memory kept free beyond what is asked for: what readers fill takes that, and not unread warms. */
const RESERVE_SHARE = 0.05

/** The same for warms: of a cache that is full of live values they leave this, so that Redis itself evicts nothing. */
const UNREAD_RESERVE_SHARE = 0.02

/** Samples drawn on a node in one call. */
const ROUNDS_MAX = 8

/** Warms dropped in one go, and goes on a node in one call. */
const UNREAD_PER_GO = 1_000
const GOES_MAX = 8

const DROP_COLD = loadScript('drop-cold-1')
const DROP_UNREAD = loadScript('drop-unread-1')

export type RoomWanted = {
  readonly bytes: number
  readonly keys: CacheKeys
  readonly lifetimes: CacheLifetimes
  readonly own: OwnWarmsByClaim
}

/** The warms that this process has put: what runs asked for, and what was predicted. */
export type OwnWarmsByClaim = { readonly asked: OwnWarms; readonly predicted: OwnWarms }

/**
 * Makes room on masters that have not so many bytes free: drops cold entries, the coldest of each sample; where there are
 * none, the oldest warms that this process has put and nobody has read: those that runs asked for, then predictions above
 * their share. Redis by itself would do neither. By time to live what a run asked for leaves before a cold value; and in
 * a cache full of live ones the few warms are not among the ten keys that Redis looks at, so that a live value would
 * leave. All else it does as it should: what was used or predicted longest ago has the least time left.
 */
export async function dropForRoom(connection: RedisConnection, wanted: RoomWanted): Promise<void> {
  const nodes = await connection.masters()
  const each = { ...wanted, bytes: wanted.bytes / nodes.length }
  await connection.run(() => Promise.all(nodes.map((node) => dropOn(node, addressOf(connection, node), each))))
}

async function dropOn(node: Redis, address: string, wanted: RoomWanted): Promise<void> {
  const info = await node.info('memory')
  const [bytesMax, bytesUsed] = [infoNumber(info, 'maxmemory'), infoNumber(info, 'used_memory')]
  if (bytesMax === 0) return
  const missing = bytesUsed + wanted.bytes - bytesMax
  const cold = await dropCold(node, missing + RESERVE_SHARE * bytesMax, wanted)
  const stillMissing = missing - cold.bytes + UNREAD_RESERVE_SHARE * bytesMax
  const asked = await dropUnread(node, address, { bytes: stillMissing, own: wanted.own.asked })
  const { bytes, earned } = predictionsIn(cold.left)
  const tooMany = bytes === 0 ? 0 : (bytes / bytesOf(cold.left)) * bytesUsed - earned * bytesMax
  await dropUnread(node, address, { bytes: Math.min(stillMissing - asked, tooMany), own: wanted.own.predicted })
}

/** Returns how many bytes were dropped, and the last sample where there was nothing cold left in it. */
async function dropCold(
  node: Redis,
  bytes: number,
  { keys, lifetimes }: RoomWanted,
): Promise<{ readonly bytes: number; readonly left: readonly Sampled[] }> {
  let missing = bytes
  for (let round = 0; round < ROUNDS_MAX && missing > 0; round += 1) {
    const sample = await sampleNode(node, keys, lifetimes)
    const cold = coldest(sample, missing)
    if (cold.length === 0) return { bytes: bytes - missing, left: sample }
    const limits = [String(turnsColdMs(lifetimes)), String(askedLifeMsMax(lifetimes))]
    const dropped = await pipelined(
      node,
      cold.map(({ name }) => ['eval', DROP_COLD.source, '1', name, ...limits]),
    )
    missing -= bytesOf(cold.filter((_, at) => dropped[at] === 1))
  }
  return { bytes: bytes - missing, left: [] }
}

/** Returns how many bytes were dropped. */
async function dropUnread(
  node: Redis,
  address: string,
  { bytes, own }: { readonly bytes: number; readonly own: OwnWarms },
): Promise<number> {
  let missing = bytes
  for (let go = 0; go < GOES_MAX && missing > 0; go += 1) {
    const oldest = own.take(address, { bytes: missing, count: UNREAD_PER_GO, nowMs: performance.now() })
    if (oldest.length === 0) break
    const dropped = await pipelined(
      node,
      oldest.map(({ name }) => ['eval', DROP_UNREAD.source, '1', name]),
    )
    missing -= bytesOf(oldest.filter((_, at) => dropped[at] === 1))
  }
  return bytes - missing
}

/** The entries of a sample that were used or predicted longest ago, so many as take up `bytes`, and none that is live. */
function coldest(sample: readonly Sampled[], bytes: number): readonly Sampled[] {
  const cold = sample.filter(({ liveForMs, unread }) => liveForMs !== null && liveForMs <= 0 && unread !== 'asked')
  const sorted = cold.toSorted((one, other) => Number(one.liveForMs) - Number(other.liveForMs))
  let found = 0
  return sorted.filter((entry) => {
    const isWanted = found < bytes
    found += entry.bytes
    return isWanted
  })
}
