import type { Redis } from 'ioredis'
import type { CacheKey } from '../../ports/cache.ts'
import { STATE_OFFSET, UNREAD_BYTE } from '../../wire/cache-entry.ts'
import { type CacheLifetimes, readLifeMs } from '../cache-lifetime.ts'
import type { CacheKeys } from './cache-keys.ts'
import { pipelined } from './node.ts'

/** Keys looked at in one sample of a node: the standard error of a share is then at most 3 %. */
const SAMPLES = 256

/** Something that lies on a node of the cache, entries of ours among others. */
export type Sampled = {
  readonly name: string
  /** Memory that it takes, with its key. */
  readonly bytes: number
  /** Life that it has left beyond that of an entry that is just turning cold; null when it is no entry. */
  readonly liveForMs: number | null
  readonly isUnread: boolean
}

const UNREAD = String.fromCharCode(UNREAD_BYTE)
const STATE = String(STATE_OFFSET)

/** What an entry has left to live when it was read `liveMs` ago: with more it is live, with less it is cold. */
export const turnsColdMs = (lifetimes: CacheLifetimes, key: CacheKey): number =>
  readLifeMs(lifetimes, key) - lifetimes.liveMs

/** Draws keys of a node at random, each once. */
export async function sampleNode(node: Redis, keys: CacheKeys, lifetimes: CacheLifetimes): Promise<readonly Sampled[]> {
  const drawn = await pipelined(
    node,
    Array.from({ length: SAMPLES }, () => ['randomkey']),
  )
  const names = [...new Set(drawn.filter((name) => typeof name === 'string'))]
  const replies = await pipelined(
    node,
    names.flatMap((name) => [
      ['pttl', name],
      ['memory', 'usage', name],
      // Of what is no string this is an error, and so null.
      ['getrange', name, STATE, STATE],
    ]),
  )
  return names.map((name, at) => {
    const [leftMs, bytes] = [Number(replies[3 * at] ?? 0), Number(replies[3 * at + 1] ?? 0)]
    const key = keys.parseEntry(name)
    const liveForMs = key === null ? null : leftMs - turnsColdMs(lifetimes, key)
    return { name, bytes, liveForMs, isUnread: replies[3 * at + 2] === UNREAD }
  })
}
