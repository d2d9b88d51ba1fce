import type { Redis } from 'ioredis'
import type { CachePressure } from '../../ports/cache.ts'
import type { CacheLifetimes } from '../cache-lifetime.ts'
import type { CacheKeys } from './cache-keys.ts'
import { bytesOf, predictionsIn, type Sampled, sampleNode } from './cache-sample.ts'
import type { RedisConnection } from './connect.ts'
import { infoNumber } from './node.ts'
import { addressOf } from './node-address.ts'

/** How pressed one node is. */
export type NodePressure = {
  readonly bytesMax: number
  readonly bytesUsed: number
  readonly pressure: number
  readonly takesPredictions: boolean
}

/** By the address of each master. */
export type PressureByNode = ReadonlyMap<string, NodePressure>

/** Measures every node of the cache by a sample of its keys. */
export async function measurePressure(
  connection: RedisConnection,
  keys: CacheKeys,
  lifetimes: CacheLifetimes,
): Promise<PressureByNode> {
  const nodes = await connection.masters()
  const measured = nodes.map(
    async (node) => [addressOf(connection, node), await pressureOf(node, keys, lifetimes)] as const,
  )
  return new Map(await connection.run(() => Promise.all(measured)))
}

/** Bytes of all nodes together; the pressure is that of the node at the address, or of the one that has the most. */
export function pressureFrom(byNode: PressureByNode, address: string): CachePressure {
  const all = [...byNode.values()]
  const bytesMax = all.some((one) => one.bytesMax === 0) ? null : all.reduce((sum, one) => sum + one.bytesMax, 0)
  const shares = all.map((node) => node.pressure)
  // Just after a fail-over the key's new node has not been measured yet.
  const node = byNode.get(address)
  const bytesUsed = all.reduce((total, one) => total + one.bytesUsed, 0)
  const pressure = node?.pressure ?? Math.max(...shares)
  const takesPredictions = node?.takesPredictions ?? all.some((one) => one.takesPredictions)
  return { bytesMax, bytesUsed, pressure, pressureMin: Math.min(...shares), takesPredictions }
}

async function pressureOf(node: Redis, keys: CacheKeys, lifetimes: CacheLifetimes): Promise<NodePressure> {
  const info = await node.info('memory')
  const [bytesMax, bytesUsed] = [infoNumber(info, 'maxmemory'), infoNumber(info, 'used_memory')]
  if (bytesMax === 0) return { bytesMax, bytesUsed, pressure: 0, takesPredictions: true }
  const sample = await sampleNode(node, keys, lifetimes)
  const shareOf = (bytes: number) => (bytes === 0 ? 0 : ((bytes / bytesOf(sample)) * bytesUsed) / bytesMax)
  const predictions = predictionsIn(sample)
  const pressure = Math.min(1, shareOf(bytesOf(sample.filter(isLive))))
  return { bytesMax, bytesUsed, pressure, takesPredictions: shareOf(predictions.bytes) < predictions.earned }
}

/** Read within the last `liveMs`, as the time left to it tells. */
const isLive = ({ liveForMs, unread }: Sampled): boolean => liveForMs !== null && liveForMs > 0 && unread === null
