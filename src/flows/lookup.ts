import type { Sha256Hex } from '../model/identity.ts'
import type { Cache, CacheEntry, EntrySource } from '../ports/cache.ts'
import { pointerKey, type ValueName, valueKey } from '../warming/cache-key.ts'

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

const pointerOf = (deps: LookupDependencies, { workspace, path }: WantedValue): Promise<string | null> =>
  deps.cache.pointer(pointerKey(workspace, path, deps.sha256Hex))
