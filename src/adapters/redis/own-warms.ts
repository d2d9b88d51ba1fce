/** A warm that this process has put. */
export type OwnWarm = { readonly name: string; readonly bytes: number; readonly atMs: number }

/** Warms that are remembered on each node; of older ones nothing is known any more. */
const WARMS_MAX = 65_536

/**
 * Warms that this process has put, by node, the oldest first. They are mostly unread: whoever takes them looks. In a
 * cache full of live values they are few among many, and no sample of keys would find enough of them.
 */
export class OwnWarms {
  readonly #lifeMs: number
  readonly #byNode = new Map<string, OwnWarm[]>()

  /** After `lifeMs` a warm that nobody has read is gone by itself. */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs
  }

  add(address: string, warm: OwnWarm): void {
    const warms = this.#byNode.get(address) ?? []
    this.#byNode.set(address, warms)
    warms.push(warm)
    if (warms.length > WARMS_MAX) warms.splice(0, WARMS_MAX / 2)
  }

  /** Takes the oldest ones of a node that take up so many bytes, at most `count`. */
  take(address: string, want: { readonly bytes: number; readonly count: number; readonly nowMs: number }): OwnWarm[] {
    const warms = this.#byNode.get(address) ?? []
    let [at, bytes] = [0, 0]
    const taken: OwnWarm[] = []
    for (; at < warms.length && bytes < want.bytes && taken.length < want.count; at += 1) {
      const warm = warms[at]
      if (warm === undefined || warm.atMs + this.#lifeMs < want.nowMs) continue
      taken.push(warm)
      bytes += warm.bytes
    }
    warms.splice(0, at)
    return taken
  }
}
