/** Finds fingerprints in the cache and checks them against the reader's own files. */
import { type Fingerprint, parseFingerprint } from '../dependencies/fingerprint.ts'
import type { Sha256Hex } from '../model/identity.ts'
import type { Cache } from '../ports/cache.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { ClosureLayer } from '../ports/layer.ts'
import { layerPointerKey, type ValueName, valueKey } from '../warming/cache-key.ts'
import { parsePointer } from '../warming/incremental.ts'
import type { OriginSnapshot } from './origin-snapshot.ts'

export type FoundFingerprint = {
  readonly print: Fingerprint
  /** The tree in which its imports were followed. */
  readonly tree: string
  readonly outcome: 'hit' | 'warmHit'
  readonly commandId: string | null
}

type FindDependencies = { readonly cache: Pick<Cache, 'get' | 'pointer'>; readonly sha256Hex: Sha256Hex }

/** The latest fingerprint of a file, or that of a commit; null when there is none. */
export async function findFingerprint(
  { cache, sha256Hex }: FindDependencies,
  name: Omit<ValueName, 'version'>,
  revision: string | null,
): Promise<FoundFingerprint | null> {
  const text = await cache.pointer(layerPointerKey(name, revision, sha256Hex))
  const pointer = text === null ? null : parsePointer(text)
  if (pointer === null) return null
  const entry = await cache.get(valueKey({ ...name, version: pointer.valueVersion }, sha256Hex))
  const print = entry === null ? null : parseFingerprint(new TextDecoder().decode(entry.value))
  if (entry === null || print === null) return null
  const commandId = entry.source.kind === 'warm' && entry.firstRead ? entry.source.commandId : null
  return { print, tree: pointer.tree, outcome: commandId === null ? 'hit' : 'warmHit', commandId }
}

/** Whether file, closure and all that decides where imports lead are what they were. */
export async function isUnchanged(
  { print, tree }: FoundFingerprint,
  { files, layer }: { readonly files: OriginSnapshot; readonly layer: ClosureLayer },
): Promise<boolean> {
  try {
    if ((await files.version(print.path)) !== print.version || (await files.tree(layer)) !== tree) return false
    const same = print.closure.map(async ([path, version]) => (await files.version(path)) === version)
    return (await Promise.all(same)).every((each) => each)
  } catch (error) {
    if (error instanceof ForewarmError) return false
    throw error
  }
}
