import type { Redis } from 'ioredis'
import { ForewarmError } from '../../ports/errors.ts'
import type { StoreRoom } from '../../ports/model-store.ts'
import type { RedisConnection } from './connect.ts'
import { infoNumber } from './node.ts'

/**
 * Rejects with FW_STORE_MAY_EVICT unless every node, replicas too, keeps all keys: a row that Redis evicts while the
 * fence stays would be an undercount that nobody notices.
 */
export async function verifyNoEviction(connection: RedisConnection): Promise<void> {
  const nodes = await connection.nodes()
  const policies = await connection.run(() => Promise.all(nodes.map(policyOf)))
  for (const [index, policy] of policies.entries()) {
    if (policy === 'noeviction') continue
    const { host, port } = nodes[index]?.options ?? {}
    const node = `the Redis at ${host}:${port}`
    const message =
      policy === null
        ? `${node} does not tell its maxmemory-policy: allow its user INFO or CONFIG GET (ACL +info)`
        : `${node} has maxmemory-policy ${policy}: models need noeviction (CONFIG SET maxmemory-policy noeviction); keep the cache on another Redis`
    throw new ForewarmError('FW_STORE_MAY_EVICT', message)
  }
}

/** INFO is allowed where CONFIG is not (managed services); either says it. Null when both are refused. */
async function policyOf(node: Redis): Promise<string | null> {
  const info = await unlessRefused(() => node.info('memory'))
  const told = /^maxmemory_policy:(\S+)/m.exec(info ?? '')?.[1]
  if (told !== undefined) return told
  const config = await unlessRefused(() => node.config('GET', 'maxmemory-policy'))
  return Array.isArray(config) && config.length === 2 ? String(config[1]) : null
}

/** What the masters say of their memory, that of the worst; null where INFO is refused. */
export async function measureRoom(connection: RedisConnection): Promise<StoreRoom | null> {
  const nodes = await connection.masters()
  const told = await connection.run(() => Promise.all(nodes.map((node) => unlessRefused(() => node.info()))))
  const infos = told.filter((info) => info !== null)
  if (infos.length === 0) return null
  const shareOf = (info: string): number => {
    const bytesMax = infoNumber(info, 'maxmemory')
    return bytesMax === 0 ? 0 : Math.min(1, infoNumber(info, 'used_memory') / bytesMax)
  }
  return {
    evicted: Math.max(...infos.map((info) => infoNumber(info, 'evicted_keys'))),
    memoryShare: Math.max(...infos.map(shareOf)),
  }
}

async function unlessRefused<Reply>(ask: () => Promise<Reply>): Promise<Reply | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR unknown command)/.test(error.message)) return null
    throw error
  }
}
