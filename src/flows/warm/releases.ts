import type { CacheKey } from '../../ports/cache.ts'

/** Releases that are remembered; of an older one only the latest is known. */
const RELEASES_MAX = 1_024

/** When this worker has last given back the leases of files whose version nobody knew. */
export class Releases {
  readonly #atMs = new Map<string, number>()
  #forgottenAtMs = Number.NEGATIVE_INFINITY

  add(key: CacheKey, nowMs: number): void {
    const name = nameOf(key)
    this.#atMs.delete(name)
    this.#atMs.set(name, nowMs)
    for (const [old, atMs] of this.#atMs) {
      if (this.#atMs.size <= RELEASES_MAX) return
      this.#atMs.delete(old)
      this.#forgottenAtMs = Math.max(this.#forgottenAtMs, atMs)
    }
  }

  /** Whether one of the key may have been given back at this time or later. */
  maySince(key: CacheKey, sinceMs: number): boolean {
    return (this.#atMs.get(nameOf(key)) ?? this.#forgottenAtMs) >= sinceMs
  }
}

const nameOf = ({ workspaceId, rest }: CacheKey): string => `${workspaceId}:${rest}`
