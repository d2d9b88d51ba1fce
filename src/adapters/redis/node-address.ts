/** Names of the masters: their addresses, as the client knows the slots now. A single server has an empty one. */
import { Command, Redis } from 'ioredis'
import type { RedisConnection } from './connect.ts'

export const addressOf = ({ client }: RedisConnection, { options }: Redis): string =>
  client instanceof Redis ? '' : `${options.host}:${options.port}`

/** Of the master that a key goes to; null while the client knows no slots. */
export function addressOfKey({ client }: RedisConnection, name: string): string | null {
  if (client instanceof Redis) return ''
  return client.slots[new Command('get', [name]).getSlot()]?.[0] ?? null
}
