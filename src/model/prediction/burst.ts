import type { FileTable } from './file-table.ts'

/** A pause so long begins a new burst. */
const PAUSE_MS = 1000
const RATE = 0.15
/** A burst that has so much company tells nothing of a file any more, and begins to gather anew. */
const COMPANY_MAX = 4096

/**
 * The reads of a session without a pause between them: one commit, one walk of a tool. Files of one burst belong
 * together more than files of one session do; and many readers (walks of a tree, sorted lists) go through a burst in
 * order of paths, which tells of every candidate whether its turn has passed.
 */
export class Burst {
  /** Reads since the last pause, the present one among them. */
  reads = 0
  /** Share of the latest steps inside bursts that went up in order of paths, fading. */
  ascending = 0.5
  /** Milliseconds between the last two reads. */
  gapMs = 0
  /** By file: how strongly the burst's reads together speak for it. */
  readonly company = new Map<number, Company>()
  #lastMs = Number.NEGATIVE_INFINITY
  #last = -1

  /** Takes the next read in; true when it begins a burst. */
  read(file: number, timeMs: number, files: FileTable): boolean {
    this.gapMs = timeMs - this.#lastMs
    const begins = this.gapMs > PAUSE_MS
    if (begins) {
      this.reads = 0
      this.company.clear()
    } else if (this.#last !== file) {
      const up = files.path(file) > files.path(this.#last) ? 1 : 0
      this.ascending += (up - this.ascending) * RATE
    }
    if (this.company.size > COMPANY_MAX) this.company.clear()
    this.reads++
    this.#last = file
    this.#lastMs = timeMs
    return begins
  }
}

/** What the burst says of a file: the probability that none of `voices` files read brings it along. */
export type Company = { none: number; voices: number }
