/** Priority files from what the models know of their reads. */
import { manualNextAccess } from '../../model/candidates/manual.ts'
import { hourOfDay } from '../../model/fold/hours.ts'

/** What a model knows of when a file is read. */
export type ReadEvidence = {
  readonly path: string
  readonly frequency: number
  readonly lastAccessMs: number
  /** Ascending. */
  readonly accessTimes: readonly number[]
  readonly hoursOfDay: ReadonlyMap<number, number>
}

/** A file with how much speaks for it; null when nothing does. */
export type Weigh = (file: ReadEvidence) => number | null

/** Weights of the selectors that ask the models, at this time. */
export const weighers = (nowMs: number) =>
  ({
    mostAccessed: ({ frequency }) => (frequency > 0 ? frequency : null),
    peakHour: ({ hoursOfDay }) => hoursOfDay.get(hourOfDay(nowMs)) ?? null,
    // The sooner the better: what is due now goes before what is due in an hour.
    withinHour: (file) => {
      const next = manualNextAccess(file, nowMs)
      return next === null ? null : nowMs - next.expectedAtMs
    },
  }) satisfies Readonly<Record<string, Weigh>>

/** The `count` files of the greatest weight, the greatest first, of equal ones by path; of any number of files. */
export class Heaviest {
  readonly #count: number
  readonly #weigh: Weigh
  #kept: { readonly path: string; readonly weight: number }[] = []

  /** `count` 0 keeps all. */
  constructor(count: number, weigh: Weigh) {
    this.#count = count
    this.#weigh = weigh
  }

  add(files: Iterable<ReadEvidence>): void {
    for (const file of files) {
      const weight = this.#weigh(file)
      if (weight !== null) this.#kept.push({ path: file.path, weight })
    }
    // Sorted now and then only: adding stays cheap, and memory within a small multiple of `count`.
    if (this.#count > 0 && this.#kept.length > 4 * this.#count) this.#cut()
  }

  paths(): readonly string[] {
    this.#cut()
    return this.#kept.map(({ path }) => path)
  }

  #cut(): void {
    this.#kept.sort((a, b) => b.weight - a.weight || (a.path < b.path ? -1 : 1))
    if (this.#count > 0) this.#kept.length = Math.min(this.#kept.length, this.#count)
  }
}

/** Paths of a list file, one a line; blank lines and lines that begin with `#` say nothing. */
export const listedPaths = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim().replace(/^\.\//, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
