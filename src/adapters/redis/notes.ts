import { BUCKETS } from '../../model/identity.ts'
import type { NoteStore } from '../../ports/notes.ts'
import { sha256Hex } from '../digest.ts'
import { assertNoteNames, lastWrites } from '../note-rules.ts'
import type { RedisConnection } from './connect.ts'
import { assertKeyPrefix, loadScript, runScript, toBuffer } from './script.ts'

const SCAN_NOTES = 500
const DIGEST_DIGITS = 32

const PUT = loadScript('put-notes-1')

/**
 * Notes on Redis or Redis Cluster: one hash a group. They do not depend on the model's limits, so they are the same for
 * all model versions, and no bucket's: dropping a bucket leaves them.
 */
export function createRedisNotes({ client, run }: RedisConnection, keyPrefix: string): NoteStore {
  assertKeyPrefix(keyPrefix)
  const keyOf = (group: string): string => `${keyPrefix}${noteKey(group)}`
  return {
    get(group, names) {
      return run(async () => {
        assertNoteNames(group, names)
        return names.length === 0 ? [] : client.hmgetBuffer(keyOf(group), ...names)
      })
    },
    put(group, notes) {
      return run(async () => {
        const writes = lastWrites(group, notes)
        if (writes.length === 0) return
        const written = writes.flatMap(({ name, value }) => (value === null ? [] : [name, toBuffer(value)]))
        const deleted = writes.flatMap(({ name, value }) => (value === null ? [name] : []))
        const args = [written.length / 2, ...written, ...deleted]
        await runScript(client, { script: PUT, keys: [keyOf(group)], args })
      })
    },
    putNew(group, name, value) {
      return run(async () => {
        assertNoteNames(group, [name])
        return (await client.hsetnx(keyOf(group), name, toBuffer(value))) === 1
      })
    },
    async *scan(group) {
      assertNoteNames(group, [])
      let cursor = '0'
      do {
        const from = cursor
        const [next, flat] = await run(() => client.hscanBuffer(keyOf(group), from, 'COUNT', SCAN_NOTES))
        cursor = next.toString()
        const chunk = pairsOf(flat)
        if (chunk.length > 0) yield chunk
      } while (cursor !== '0')
    },
    drop(group) {
      return run(async () => {
        assertNoteNames(group, [])
        await client.unlink(keyOf(group))
      })
    },
  }
}

/** The hash tag is a number and all else digits of a digest: no name of a group moves its key or meets another's. */
function noteKey(group: string): string {
  const digest = sha256Hex(group)
  return `{n${Number.parseInt(digest.slice(-8), 16) % BUCKETS}}:n:${digest.slice(0, DIGEST_DIGITS)}`
}

function pairsOf(flat: readonly Buffer[]): (readonly [string, Uint8Array])[] {
  const pairs: (readonly [string, Uint8Array])[] = []
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [name, value] = [flat[at], flat[at + 1]]
    if (name !== undefined && value !== undefined) pairs.push([name.toString(), value])
  }
  return pairs
}
