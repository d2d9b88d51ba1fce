import type { Redis } from 'ioredis'
import type { CacheLifetimes } from '../cache-lifetime.ts'
import type { CacheKeys } from './cache-keys.ts'
import { type Sampled, sampleNode, turnsColdMs } from './cache-sample.ts'
import type { RedisConnection } from './connect.ts'
import { infoNumber, pipelined } from './node.ts'
import { loadScript } from './script.ts'

/** Part of a node's memory kept free beyond what is asked for: what readers fill takes that, and not unread warms. */
const RESERVE_SHARE = 0.05

/** Samples drawn on a node in one call. */
const ROUNDS_MAX = 4

const DROP_COLD = loadScript('drop-cold-1')

export type RoomWanted = { readonly bytes: number; readonly keys: CacheKeys; readonly lifetimes: CacheLifetimes }

/**
 * Drops cold entries, the coldest of each sample, on masters that have not so many bytes free. Order of leaving by time
 * to live cannot do it: an unread warm has minutes left and a cold value hours, so the warm would leave first.
 */
export async function dropCold(connection: RedisConnection, { bytes, keys, lifetimes }: RoomWanted): Promise<void> {
  const nodes = await connection.masters()
  const bytesEach = bytes / nodes.length
  await connection.run(() => Promise.all(nodes.map((node) => dropColdOf(node, { bytes: bytesEach, keys, lifetimes }))))
}

async function dropColdOf(node: Redis, { bytes, keys, lifetimes }: RoomWanted): Promise<void> {
  const info = await node.info('memory')
  const [bytesMax, bytesUsed] = [infoNumber(info, 'maxmemory'), infoNumber(info, 'used_memory')]
  if (bytesMax === 0) return
  let missing = bytesUsed + bytes + RESERVE_SHARE * bytesMax - bytesMax
  for (let round = 0; round < ROUNDS_MAX && missing > 0; round += 1) {
    const cold = coldest(await sampleNode(node, keys, lifetimes), missing)
    if (cold.length === 0) return
    const dropped = await pipelined(
      node,
      cold.map(({ name }) => ['eval', DROP_COLD.source, '1', name, coldBelowMs(name, keys, lifetimes)]),
    )
    missing -= bytesOf(cold.filter((_, at) => dropped[at] === 1))
  }
}

/** The entries of a sample that were not read for the longest time, so many as take up `bytes`, and none that is live. */
function coldest(sample: readonly Sampled[], bytes: number): readonly Sampled[] {
  const cold = sample.filter(({ liveForMs, isUnread }) => liveForMs !== null && liveForMs <= 0 && !isUnread)
  const sorted = cold.toSorted((one, other) => Number(one.liveForMs) - Number(other.liveForMs))
  let found = 0
  return sorted.filter((entry) => {
    const isWanted = found < bytes
    found += entry.bytes
    return isWanted
  })
}

function coldBelowMs(name: string, keys: CacheKeys, lifetimes: CacheLifetimes): string {
  const key = keys.parseEntry(name)
  return String(key === null ? 0 : turnsColdMs(lifetimes, key))
}

const bytesOf = (entries: readonly Sampled[]): number => entries.reduce((sum, { bytes }) => sum + bytes, 0)
