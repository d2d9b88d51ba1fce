import type { Cache, CacheKey } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { spend } from '../../warming/spend.ts'

type Lease = { readonly holder: string; readonly untilMs: number }
type Pointer = { readonly version: string | null; readonly atMs: number }

/** What a cache keeps beside its values: where each path is, who loads what, and what limits are left. */
export function createMemoryCoordination(
  clock: Pick<Clock, 'now'>,
): Pick<Cache, 'pointer' | 'movePointer' | 'lease' | 'release' | 'spend'> {
  const pointers = new Map<string, Pointer>()
  const leases = new Map<string, Lease>()
  const budgets = new Map<string, number>()
  return {
    async pointer(key) {
      return pointers.get(nameOf(key))?.version ?? null
    },
    async movePointer(key, version, atMs) {
      const there = pointers.get(nameOf(key))
      if (there !== undefined && atMs < there.atMs) return false
      pointers.set(nameOf(key), { version, atMs })
      return true
    },
    async lease(key, holder, ttlMs) {
      const there = leases.get(nameOf(key))
      if (there !== undefined && there.holder !== holder && there.untilMs > clock.now()) return false
      leases.set(nameOf(key), { holder, untilMs: clock.now() + ttlMs })
      return true
    },
    async release(key, holder) {
      if (leases.get(nameOf(key))?.holder === holder) leases.delete(nameOf(key))
    },
    async spend(budget, amount, limit) {
      const { waitMs, fullAtMs } = spend(budgets.get(nameOf(budget)) ?? null, clock.now(), amount, limit)
      budgets.set(nameOf(budget), fullAtMs)
      for (const [name, atMs] of budgets) if (atMs <= clock.now()) budgets.delete(name)
      return waitMs
    },
  }
}

/** The name of a key in the maps. */
export const nameOf = (key: CacheKey): string => `${key.workspaceId}:${key.rest}`
