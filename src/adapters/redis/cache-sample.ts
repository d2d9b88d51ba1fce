import type { Redis } from 'ioredis'
import { earnedShare } from '../../model/warm-share.ts'
import { READ_BYTE, STATE_OFFSET, UNREAD_BYTE } from '../../wire/cache-entry.ts'
import { askedLifeMsMax, type CacheLifetimes } from '../cache-lifetime.ts'
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
  /** Whether it is an unread warm: one that a run asked for, or a prediction. */
  readonly unread: 'asked' | 'predicted' | null
  /** Whether a warm brought it that was read since. */
  readonly isReadWarm: boolean
}

const UNREAD = String.fromCharCode(UNREAD_BYTE)
const READ = String.fromCharCode(READ_BYTE)
const STATE = String(STATE_OFFSET)

/** What an entry has left to live when it was read `liveMs` ago: with more it is live, with less it is cold. */
export const turnsColdMs = ({ readMs, liveMs }: CacheLifetimes): number => readMs - liveMs

/**
 * Bytes of the sample that unread predictions take up, and the share of a cache that they have earned: of the warms that
 * are still there, how many were read. Nobody has to count what workers bring and readers read.
 */
export function predictionsIn(sample: readonly Sampled[]): { readonly bytes: number; readonly earned: number } {
  const predicted = sample.filter(({ unread }) => unread === 'predicted')
  const read = sample.filter(({ isReadWarm }) => isReadWarm).length
  return { bytes: bytesOf(predicted), earned: earnedShare({ read, brought: read + predicted.length }) }
}

export const bytesOf = (entries: readonly { readonly bytes: number }[]): number =>
  entries.reduce((sum, { bytes }) => sum + bytes, 0)

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
    const state = replies[3 * at + 2]
    const liveForMs = keys.parseEntry(name) === null ? null : leftMs - turnsColdMs(lifetimes)
    const claim = leftMs > askedLifeMsMax(lifetimes) ? 'predicted' : 'asked'
    return { name, bytes, liveForMs, unread: state === UNREAD ? claim : null, isReadWarm: state === READ }
  })
}
