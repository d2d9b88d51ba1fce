import { MINUTE_MS, minuteOf } from '../../../model/fold/minutes.ts'
import type { LiveLatency } from '../../../ports/live.ts'

const KEPT_MAX = 4_000

/** The latest durations, with their quantiles as a whole and by minute. */
export class Latencies {
  #kept: { readonly atMs: number; readonly ms: number }[] = []

  add(atMs: number, ms: number): void {
    this.#kept.push({ atMs, ms })
    if (this.#kept.length > 2 * KEPT_MAX) this.#kept = this.#kept.slice(-KEPT_MAX)
  }

  /** Null before the first. */
  summary(): LiveLatency | null {
    const latest = this.#kept.slice(-KEPT_MAX)
    if (latest.length === 0) return null
    const all = sorted(latest)
    const minutes = [...Map.groupBy(latest, ({ atMs }) => minuteOf(atMs))]
      .sort(([one], [other]) => one - other)
      .map(([minute, some]) => {
        const own = sorted(some)
        return { minute: minute * MINUTE_MS, p50Ms: quantile(own, 0.5), p95Ms: quantile(own, 0.95) }
      })
    const [p50Ms, p95Ms, p99Ms] = [quantile(all, 0.5), quantile(all, 0.95), quantile(all, 0.99)]
    return { count: all.length, p50Ms, p95Ms, p99Ms, minutes }
  }
}

const sorted = (some: readonly { readonly ms: number }[]): readonly number[] =>
  some.map(({ ms }) => ms).sort((one, other) => one - other)

const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0
