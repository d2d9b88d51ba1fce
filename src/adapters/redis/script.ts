import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'

/** A Lua script beside this file. The name ends with its number of keys, `n` where that varies. */
export type RedisScript = { readonly source: string; readonly sha1: string }

/** Reads `name`.lua. */
export function loadScript(name: string): RedisScript {
  const source = readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8')
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

export type ScriptCall = {
  readonly script: RedisScript
  readonly keys: readonly string[]
  readonly args: readonly (string | number | Uint8Array)[]
}

/** Runs a script by its digest, and with its text where the server does not know it (restart, failover, SCRIPT FLUSH). */
export async function runScript(client: Redis | Cluster, { script, keys, args }: ScriptCall): Promise<unknown> {
  const rest = [keys.length, ...keys, ...args.map(toArgument)]
  try {
    return await client.callBuffer('evalsha', [script.sha1, ...rest])
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return await client.callBuffer('eval', [script.source, ...rest])
  }
}

const toArgument = (arg: string | number | Uint8Array): string | number | Buffer =>
  typeof arg === 'object' ? toBuffer(arg) : arg

/** The same bytes as the client wants them, without a copy. */
export const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const KEY_PREFIX = /^[A-Za-z0-9:_.-]{0,64}$/

/** A prefix must not move keys to another slot (braces) nor widen a pattern (`*`, `?`, `[`). */
export function assertKeyPrefix(prefix: string): void {
  if (KEY_PREFIX.test(prefix)) return
  throw new RangeError(`the key prefix ${JSON.stringify(prefix)} may hold only letters, digits and : _ . -`)
}
