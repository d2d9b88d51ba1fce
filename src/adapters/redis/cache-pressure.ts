import type { Redis } from 'ioredis'
import type { CachePressure } from '../../ports/cache.ts'
import type { CacheLifetimes } from '../cache-lifetime.ts'
import type { CacheKeys } from './cache-keys.ts'
import { sampleNode } from './cache-sample.ts'
import type { RedisConnection } from './connect.ts'
import { infoNumber } from './node.ts'

/** Answers with the last value while it is younger than `ageMsMax`, and asks once for all who ask at the same time. */
export function remembered<Value>(ageMsMax: number, measure: () => Promise<Value>): () => Promise<Value> {
  let latest: { readonly atMs: number; readonly value: Promise<Value> } | null = null
  return () => {
    const nowMs = performance.now()
    if (latest !== null && nowMs - latest.atMs < ageMsMax) return latest.value
    const asked = { atMs: nowMs, value: measure() }
    latest = asked
    asked.value.catch(() => {
      if (latest === asked) latest = null
    })
    return asked.value
  }
}

/** Bytes of all nodes together; the pressure is that of the node that has the most, since keys cannot choose another. */
export async function measurePressure(
  connection: RedisConnection,
  keys: CacheKeys,
  lifetimes: CacheLifetimes,
): Promise<CachePressure> {
  const nodes = await connection.masters()
  const all = await connection.run(() => Promise.all(nodes.map((node) => pressureOf(node, keys, lifetimes))))
  const bytesMax = all.some((node) => node.bytesMax === 0) ? null : sum(all.map((node) => node.bytesMax))
  const pressure = bytesMax === null ? 0 : Math.max(...all.map((node) => node.pressure))
  return { bytesMax, bytesUsed: sum(all.map((node) => node.bytesUsed)), pressure }
}

type NodePressure = { readonly bytesMax: number; readonly bytesUsed: number; readonly pressure: number }

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
