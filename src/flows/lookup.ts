import type { Sha256Hex } from '../model/identity.ts'
import type { Cache, CacheEntry, EntrySource } from '../ports/cache.ts'
import { layerPointerKey, pointerKey, type ValueName, valueKey } from '../warming/cache-key.ts'
import { INCREMENTAL, parsePointer } from '../warming/incremental.ts'

/** Where a file's value is looked for. */
export type LookupDependencies = {
  readonly cache: Pick<Cache, 'get' | 'has' | 'pointer'>
  readonly sha256Hex: Sha256Hex
}

/** A value without its version; `version` is what the reader wants, null when it knows none. */
export type WantedValue = Omit<ValueName, 'version'> & { readonly version: string | null }

export type Lookup =
  | {
      readonly outcome: 'hit' | 'warmHit'
      /** The version that was found. */
      readonly version: string
      readonly value: Uint8Array
      readonly source: EntrySource
    }
  | { readonly outcome: 'miss' | 'stale' }

/**
 * Looks a value up by the wanted version, else by the one that the workspace's changes point to. `stale` says that only
 * the value of another version is there. Rejects when the cache cannot be reached.
 */
export async function lookUp(deps: LookupDependencies, wanted: WantedValue): Promise<Lookup> {
  const version = wanted.version ?? (await pointerOf(deps, wanted))
  if (version === null) return { outcome: 'miss' }
  const entry = await deps.cache.get(valueKey({ ...wanted, version }, deps.sha256Hex))
  if (entry === null) return { outcome: await whyAbsent(deps, wanted) }
  return { outcome: isWarmHit(entry) ? 'warmHit' : 'hit', version, value: entry.value, source: entry.source }
}

const isWarmHit = ({ source, firstRead }: CacheEntry): boolean => source.kind === 'warm' && firstRead

async function whyAbsent(deps: LookupDependencies, wanted: WantedValue): Promise<'miss' | 'stale'> {
  if (wanted.version === null) return 'miss'
  const current = await pointerOf(deps, wanted)
  if (current === null || current === wanted.version) return 'miss'
  const [there] = await deps.cache.has([valueKey({ ...wanted, version: current }, deps.sha256Hex)])
  return there === true ? 'stale' : 'miss'
}

/** The version of the value that is current, or null. */
export async function pointerOf(
  { cache, sha256Hex }: Pick<LookupDependencies, 'sha256Hex'> & { readonly cache: Pick<Cache, 'pointer'> },
  name: Omit<ValueName, 'version'>,
): Promise<string | null> {
  if (name.layer !== INCREMENTAL) return cache.pointer(pointerKey(name.workspace, name.path, sha256Hex))
  const text = await cache.pointer(layerPointerKey(name, null, sha256Hex))
  return text === null ? null : (parsePointer(text)?.valueVersion ?? null)
}
