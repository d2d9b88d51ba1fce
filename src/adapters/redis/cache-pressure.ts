import type { Redis } from 'ioredis'
import type { CachePressure } from '../../ports/cache.ts'
import type { CacheLifetimes } from '../cache-lifetime.ts'
import type { CacheKeys } from './cache-keys.ts'
import { sampleNode } from './cache-sample.ts'
import type { RedisConnection } from './connect.ts'
import { infoNumber } from './node.ts'
import { addressOf } from './node-address.ts'

/** How pressed one node is. */
export type NodePressure = { readonly bytesMax: number; readonly bytesUsed: number; readonly pressure: number }

/** By the address of each master. */
export type PressureByNode = ReadonlyMap<string, NodePressure>

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
  const bytesMax = all.some((node) => node.bytesMax === 0) ? null : sum(all.map((node) => node.bytesMax))
  const shares = all.map((node) => node.pressure)
  // Just after a fail-over the key's new node has not been measured yet.
  const pressure = byNode.get(address)?.pressure ?? Math.max(...shares)
  return { bytesMax, bytesUsed: sum(all.map((node) => node.bytesUsed)), pressure, pressureMin: Math.min(...shares) }
}

async function pressureOf(node: Redis, keys: CacheKeys, lifetimes: CacheLifetimes): Promise<NodePressure> {
  const info = await node.info('memory')
  const [bytesMax, bytesUsed] = [infoNumber(info, 'maxmemory'), infoNumber(info, 'used_memory')]
  if (bytesMax === 0) return { bytesMax, bytesUsed, pressure: 0 }
  const pressure = Math.min(1, ((await liveShare(node, keys, lifetimes)) * bytesUsed) / bytesMax)
  return { bytesMax, bytesUsed, pressure }
}

/** Share of the bytes of sampled keys that belongs to entries read within the last `liveMs`, as their TTLs tell. */
async function liveShare(node: Redis, keys: CacheKeys, lifetimes: CacheLifetimes): Promise<number> {
  const sample = await sampleNode(node, keys, lifetimes)
  const live = sample.filter(({ liveForMs }) => liveForMs !== null && liveForMs > 0)
  const bytes = sum(sample.map((one) => one.bytes))
  return bytes === 0 ? 0 : sum(live.map((one) => one.bytes)) / bytes
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
