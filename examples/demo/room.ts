import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from '../../src/adapters/compression.ts'
import { ANALYZERS } from './analyzers.ts'
import { versionsIn } from './fleet.ts'
import type { Revision } from './revisions.ts'

export type Room = {
  readonly files: number
  /** Bytes of all files that the analyzers read, as the cache stores them. */
  readonly allBytes: number
  readonly cacheBytes: number
  readonly cacheFiles: number
}

/** The cache holds so much of what the analyzers read in one round: too little for one round after the other. */
const CACHE_SHARE = 0.6
/** Key, header and index entry of a stored value, about. */
const ENTRY_BYTES = 150

/** Sizes the cache by the newest revision. */
export async function sizeCache(checkout: string, revisions: readonly Revision[]): Promise<Room> {
  revisions.at(-1)?.checkOut(checkout)
  const paths = [...versionsIn(checkout).keys()].filter((path) => ANALYZERS.some(({ takes }) => takes(path)))
  let allBytes = 0
  for (const path of paths) allBytes += ENTRY_BYTES + (await pack(readFileSync(join(checkout, path)))).payload.length
  const files = paths.length
  return {
    files,
    allBytes,
    cacheBytes: Math.round(allBytes * CACHE_SHARE),
    cacheFiles: Math.round(files * CACHE_SHARE),
  }
}
