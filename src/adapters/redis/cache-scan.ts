import type { CacheStats } from '../../ports/cache.ts'
import { STATE_OFFSET, UNREAD_BYTE } from '../../wire/cache-entry.ts'
import type { RedisConnection } from './connect.ts'
import { pipelined, scanKeys } from './node.ts'

const UNREAD = String.fromCharCode(UNREAD_BYTE)
const STATE = String(STATE_OFFSET)

/** Walks over all masters, which takes time in proportion to all that the cache holds. */
export async function countEntries(connection: RedisConnection, pattern: string): Promise<CacheStats> {
  const stats = { entries: 0, bytes: 0, unreadWarms: 0 }
  for await (const { node, names } of scanKeys(connection, pattern)) {
    const commands = names.flatMap((name) => [
      ['strlen', name],
      ['getrange', name, STATE, STATE],
    ])
    const replies = await connection.run(() => pipelined(node, commands))
    for (let at = 0; at < replies.length; at += 2) {
      // An entry that has expired meanwhile has no length.
      const bytes = Number(replies[at] ?? 0)
      if (bytes === 0) continue
      stats.entries += 1
      stats.bytes += bytes
      if (replies[at + 1] === UNREAD) stats.unreadWarms += 1
    }
  }
  return stats
}

/** Removes all keys of a pattern; returns how many there were. */
export async function clearEntries(connection: RedisConnection, pattern: string): Promise<number> {
  let cleared = 0
  for await (const { names } of scanKeys(connection, pattern)) {
    // Key by key through the client, which follows a key that moves to another node.
    const counts = await connection.run(() => Promise.all(names.map((name) => connection.client.unlink(name))))
    cleared += counts.reduce((sum, count) => sum + count, 0)
  }
  return cleared
}
