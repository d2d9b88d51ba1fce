import type { CacheKey } from '../../ports/cache.ts'
import { assertKeyPrefix } from './script.ts'

/** Keys of the cache: `<prefix><workspace id>:<kind><rest>`, so that a workspace's entries share a beginning. */
export type CacheKeys = {
  entry(key: CacheKey): string
  pointer(key: CacheKey): string
  lease(key: CacheKey): string
  budget(key: CacheKey): string
  /** Pattern of all entries of a workspace. */
  entriesOf(workspaceId: string): string
  /** The key of an entry, or null for anything else. */
  parseEntry(name: string): CacheKey | null
}

const WORKSPACE_ID = /^[0-9A-Za-z]{1,64}$/

export function createCacheKeys(prefix: string): CacheKeys {
  assertKeyPrefix(prefix)
  const name = (kind: string, { workspaceId, rest }: CacheKey): string => {
    assertWorkspaceId(workspaceId)
    return `${prefix}${workspaceId}:${kind}${rest}`
  }
  return {
    entry: (key) => name('e', key),
    pointer: (key) => name('p', key),
    lease: (key) => name('l', key),
    budget: (key) => name('b', key),
    entriesOf: (workspaceId) => name('e', { workspaceId, rest: '*' }),
    parseEntry: (text) => {
      if (!text.startsWith(prefix)) return null
      const [, workspaceId, rest] = /^([0-9A-Za-z]+):e(.*)$/s.exec(text.slice(prefix.length)) ?? []
      return workspaceId === undefined || rest === undefined ? null : { workspaceId, rest }
    },
  }
}

/** Digits and letters: nothing that could widen a pattern to another workspace. */
function assertWorkspaceId(workspaceId: string): void {
  if (WORKSPACE_ID.test(workspaceId)) return
  throw new RangeError(`workspace id ${JSON.stringify(workspaceId)} may hold only digits and letters`)
}
