import type { Burst } from './burst.ts'
import { type Candidates, SOURCE } from './candidates.ts'
import { grownFloat64, grownInt32 } from './grow.ts'

const NEIGHBOURS = 16
const WINDOW = 12
const FADE = 0.98
/** No file brings another along for certain. */
const STRENGTH_MAX = 0.95

/**
 * Files read close together in a session belong together (the manual's co-access; mining files that change together:
 * Zimmermann et al. 2004). Each file keeps its sixteen strongest neighbours; counts fade a little with each of the
 * file's own windows, so that old company is forgotten.
 */
export class CoAccess {
  #neighbour = new Int32Array(1024 * NEIGHBOURS).fill(-1)
  #count = new Float64Array(1024 * NEIGHBOURS)
  #reads = new Float64Array(1024)

  /** `recent`: the session's latest distinct files, newest first, the one just read at its head. */
  observe(recent: readonly number[]): void {
    const file = recent[0]
    if (file === undefined) return
    this.#ensure(file)
    this.#reads[file] = (this.#reads[file] ?? 0) * FADE + 1
    const base = file * NEIGHBOURS
    for (let at = base; at < base + NEIGHBOURS; at++) this.#count[at] = (this.#count[at] ?? 0) * FADE
    const end = Math.min(recent.length, WINDOW + 1)
    for (let at = 1; at < end; at++) {
      const other: number = recent[at] ?? file
      if (other === file) continue
      this.#count1(file, other)
      this.#count1(other, file)
    }
  }

  /** Names the file's neighbours with the share of its reads that they came along. */
  name(file: number, candidates: Candidates): void {
    if (file >= this.#reads.length) return
    const reads = this.#reads[file] ?? 0
    const base = file * NEIGHBOURS
    for (let at = base; at < base + NEIGHBOURS; at++) {
      const other = this.#neighbour[at] ?? -1
      if (other < 0) continue
      const count = this.#count[at] ?? 0
      const slot = candidates.add(other, SOURCE.coAccess)
      if (slot < 0) return
      const strength = Math.min(1, count / (reads + 0.5))
      if (strength > (candidates.strength[slot] ?? 0)) {
        candidates.strength[slot] = strength
        candidates.support[slot] = count
      }
    }
  }

  /** Adds what the file brings along to the company of the burst, as independent causes (a noisy or: Pearl 1988). */
  gather(file: number, burst: Burst): void {
    const reads = this.#reads[file] ?? 0
    const base = file * NEIGHBOURS
    for (let at = base; at < base + NEIGHBOURS; at++) {
      const other = this.#neighbour[at] ?? -1
      if (other < 0) continue
      const count = this.#count[at] ?? 0
      const strength = Math.min(STRENGTH_MAX, Math.max(0, count - 0.5) / (reads + 0.5))
      const known = burst.company.get(other)
      if (known === undefined) burst.company.set(other, { none: 1 - strength, voices: 1 })
      else {
        known.none *= 1 - strength
        known.voices++
      }
    }
  }

  /** Fading number of reads of the file. */
  reads(file: number): number {
    return this.#reads[file] ?? 0
  }

  #count1(file: number, other: number): void {
    const base = file * NEIGHBOURS
    let weakest = base
    for (let at = base; at < base + NEIGHBOURS; at++) {
      if (this.#neighbour[at] === other) {
        this.#count[at] = (this.#count[at] ?? 0) + 1
        return
      }
      if ((this.#count[at] ?? 0) < (this.#count[weakest] ?? 0)) weakest = at
    }
    // A newcomer takes the weakest place, and inherits half its count (Space-Saving, Metwally et al. 2005, halved).
    const inherited = this.#neighbour[weakest] === -1 ? 0 : (this.#count[weakest] ?? 0) / 2
    if (inherited > 1) {
      this.#count[weakest] = inherited
      return
    }
    this.#neighbour[weakest] = other
    this.#count[weakest] = 1
  }

  #ensure(file: number): void {
    if (file < this.#reads.length) return
    this.#reads = grownFloat64(this.#reads, file + 1)
    const places = this.#reads.length * NEIGHBOURS
    this.#neighbour = grownInt32(this.#neighbour, places, -1)
    this.#count = grownFloat64(this.#count, places)
  }
}
