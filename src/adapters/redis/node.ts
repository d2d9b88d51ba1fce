import type { Redis } from 'ioredis'
import type { RedisConnection } from './connect.ts'

/** Sends commands to one node in one go; the answer to a command that failed (its key moved away) is null. */
export async function pipelined(node: Redis, commands: readonly (readonly string[])[]): Promise<readonly unknown[]> {
  const replies = await node.pipeline(commands.map((command) => [...command])).exec()
  return (replies ?? []).map(([error, reply]) => (error === null ? reply : null))
}

/** A number in the answer to INFO; 0 when it is not there. */
export const infoNumber = (info: string, name: string): number =>
  Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)

export type KeyChunk = { readonly node: Redis; readonly names: readonly string[] }

const SCAN_KEYS = 1_000

/** All keys of a pattern on all masters, in chunks; one may come twice while a node resizes its table. */
export async function* scanKeys(connection: RedisConnection, pattern: string): AsyncIterable<KeyChunk> {
  for (const node of await connection.masters()) {
    let cursor = '0'
    do {
      const from = cursor
      const [next, names] = await connection.run(() => node.scan(from, 'MATCH', pattern, 'COUNT', SCAN_KEYS))
      if (names.length > 0) yield { node, names }
      cursor = next
    } while (cursor !== '0')
  }
}
