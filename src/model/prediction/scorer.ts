/** What a head predicts: read before a quarter, half, all of the cache's residence is over; among the session's next 20. */
export const HEAD = { near: 0, half: 1, full: 2, next20: 3 } as const
export const HEADS = 4

const TABLE_BITS = 17
const TABLE_SIZE = 1 << TABLE_BITS
const MASK = TABLE_SIZE - 1
const LEARNING_RATE = 0.05
const PRIOR_LOGIT = -0.6
const MAGIC = 0x46575331 // "FWS1": the form of the exported bytes

/**
 * Online logistic regressions over hashed features, one a head, with per-weight steps (AdaGrad: Duchi, Hazan, Singer
 * 2011; the hashing and the online form as in McMahan et al. 2013, "Ad click prediction"). Weights know no path:
 * features are hashes of buckets, so one scorer may serve all workspaces of a tenant.
 */
export class Scorer {
  readonly #weight = new Float32Array(TABLE_SIZE * HEADS)
  readonly #gradient = new Float32Array(TABLE_SIZE * HEADS)

  /** Probability by `head` of the example whose `count` feature hashes stand at `from`. */
  score(features: Int32Array, from: number, shape: { count: number; head: number }): number {
    let logit = PRIOR_LOGIT
    const end = from + shape.count
    for (let at = from; at < end; at++) logit += this.#weight[((features[at] ?? 0) & MASK) * HEADS + shape.head] ?? 0
    return 1 / (1 + Math.exp(-logit))
  }

  /** One step towards `label` (0 or 1). */
  learn(features: Int32Array, from: number, example: { count: number; head: number; label: number }): void {
    const gradient = this.score(features, from, example) - example.label
    const end = from + example.count
    for (let at = from; at < end; at++) {
      const place = ((features[at] ?? 0) & MASK) * HEADS + example.head
      const sum = (this.#gradient[place] ?? 0) + gradient * gradient
      this.#gradient[place] = sum
      this.#weight[place] = (this.#weight[place] ?? 0) - (LEARNING_RATE * gradient) / Math.sqrt(sum + 0.05)
    }
  }

  /** All weights that were ever learned, as versioned little-endian bytes. */
  exportWeights(): Uint8Array {
    const used: number[] = []
    for (let place = 0; place < this.#gradient.length; place++) if ((this.#gradient[place] ?? 0) > 0) used.push(place)
    const view = new DataView(new ArrayBuffer(12 + used.length * 12))
    view.setUint32(0, MAGIC, true)
    view.setUint32(4, TABLE_BITS, true)
    view.setUint32(8, used.length, true)
    used.forEach((place, nth) => {
      view.setUint32(12 + nth * 12, place, true)
      view.setFloat32(16 + nth * 12, this.#weight[place] ?? 0, true)
      view.setFloat32(20 + nth * 12, this.#gradient[place] ?? 0, true)
    })
    return new Uint8Array(view.buffer)
  }

  /** Replaces all weights. Throws RangeError for bytes of another form or version, and changes nothing then. */
  importWeights(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const known = bytes.byteLength >= 12 && view.getUint32(0, true) === MAGIC && view.getUint32(4, true) === TABLE_BITS
    const count = known ? view.getUint32(8, true) : 0
    if (!known || bytes.byteLength !== 12 + count * 12)
      throw new RangeError('these bytes are no scorer weights of this version')
    this.#weight.fill(0)
    this.#gradient.fill(0)
    for (let nth = 0; nth < count; nth++) {
      const place = view.getUint32(12 + nth * 12, true)
      this.#weight[place] = view.getFloat32(16 + nth * 12, true)
      this.#gradient[place] = view.getFloat32(20 + nth * 12, true)
    }
  }
}
