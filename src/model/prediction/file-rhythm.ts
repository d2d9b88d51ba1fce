import type { CacheView } from './cache-view.ts'
import { type Expectation, stayBucket } from './expectation.ts'
import type { FileTable } from './file-table.ts'
import { grownFloat64, grownInt32, log2Bucket, mix } from './grow.ts'

/** Counts fade over so many residences: what is used at present, and what is used time and again. */
const LONG = 12
/** Fills the features that an entry at the cache's end does not have. */
const NONE = mix(300, 0)

/**
 * What the earlier reads of a file tell about its next one, whatever session that falls into: when the last reads were,
 * how many there were lately, how busy the directory is. Times are counted in residences of the cache. The features are
 * those of a learned cache (Song, Berger, Li, Lloyd 2020, "Learning Relaxed Belady"): gaps and fading counts.
 */
export class FileRhythm {
  #last = new Float64Array(1024)
  #gap = new Float64Array(1024)
  #gapBefore = new Float64Array(1024)
  #lately = new Float64Array(1024)
  #long = new Float64Array(1024)
  #reads = new Int32Array(1024)
  /** Renewals since the last read. */
  #renewals = new Int32Array(1024)
  readonly #directories = new Map<number, { last: number; lately: number }>()
  readonly #view: CacheView
  readonly #files: FileTable

  constructor(view: CacheView, files: FileTable) {
    this.#view = view
    this.#files = files
  }

  /** Takes in a read of `file`, now. */
  read(file: number): void {
    this.#ensure(file)
    const { moves, residence } = this.#view
    const passed = moves - (this.#last[file] ?? 0)
    if ((this.#reads[file] ?? 0) > 0) {
      this.#gapBefore[file] = this.#gap[file] ?? 0
      this.#gap[file] = passed
    }
    this.#lately[file] = (this.#lately[file] ?? 0) * Math.exp(-passed / residence) + 1
    this.#long[file] = (this.#long[file] ?? 0) * Math.exp(-passed / (LONG * residence)) + 1
    this.#last[file] = moves
    this.#reads[file] = (this.#reads[file] ?? 0) + 1
    this.#renewals[file] = 0
    const directory = this.#directoryOf(file)
    directory.lately = directory.lately * Math.exp((directory.last - moves) / residence) + 1
    directory.last = moves
  }

  renewed(file: number): void {
    this.#ensure(file)
    this.#renewals[file] = (this.#renewals[file] ?? 0) + 1
  }

  /** Writes the `FEATURES` hashes of an entry at the end of its stay. */
  write(file: number, example: EndOfStay): void {
    this.#ensure(file)
    const { out, salt, expectation, isUnread } = example
    const { residence } = this.#view
    const due = stayBucket(expectation.dueMoves, residence)
    const files = this.#files
    const reads = this.#reads[file] ?? 0
    const passed = this.#view.moves - (this.#last[file] ?? 0)
    const since = reads === 0 ? UNSEEN : this.#bucket(passed)
    const gap = reads < 2 ? UNSEEN : this.#bucket(this.#gap[file] ?? 0)
    const before = reads < 3 ? UNSEEN : this.#bucket(this.#gapBefore[file] ?? 0)
    const lately = log2Bucket(Math.round(4 * (this.#lately[file] ?? 0) * Math.exp(-passed / residence)), 7)
    const long = log2Bucket(Math.round(4 * (this.#long[file] ?? 0) * Math.exp(-passed / (LONG * residence))), 9)
    const count = log2Bucket(reads, 10)
    const renewals = Math.min(5, this.#renewals[file] ?? 0)
    const directory = this.#directoryOf(file)
    const idle = this.#view.moves - directory.last
    const busy = log2Bucket(Math.round(2 * directory.lately * Math.exp(-idle / residence)), 9)
    out.fill(NONE)
    out[0] = mix(301, 0)
    out[1] = mix(mix(302, since), count)
    out[2] = mix(mix(303, gap), since)
    out[3] = mix(mix(304, gap), before)
    out[4] = mix(mix(305, lately), long)
    out[5] = mix(mix(306, long), since)
    out[6] = mix(mix(307, renewals), long)
    out[7] = mix(mix(308, this.#bucket(idle)), busy)
    out[8] = mix(mix(309, files.extension(file)), count)
    out[9] = mix(mix(310, files.top(file) ^ salt), Math.min(3, count))
    out[10] = mix(311, files.hash(file) ^ salt)
    out[11] = mix(mix(312, files.directory(file) ^ salt), renewals)
    out[12] = mix(mix(313, busy), long)
    const unread = isUnread ? 1 : 0
    const pointers = Math.min(8, expectation.pointers)
    const sessions = Math.min(3, expectation.sessions) * 8 + Math.min(3, expectation.readBy) * 2
    out[13] = mix(mix(314, due), unread * 8 + Math.round(expectation.quality * 5))
    out[14] = mix(mix(315, pointers), sessions + unread)
    out[15] = mix(mix(316, due), since)
    out[16] = mix(mix(317, pointers), long)
    out[17] = mix(mix(318, unread), mix(renewals, since))
  }

  #bucket(moves: number): number {
    return stayBucket(moves, this.#view.residence)
  }

  #directoryOf(file: number): { last: number; lately: number } {
    const hash = this.#files.directory(file)
    const known = this.#directories.get(hash)
    if (known !== undefined) return known
    const fresh = { last: 0, lately: 0 }
    this.#directories.set(hash, fresh)
    return fresh
  }

  #ensure(file: number): void {
    if (file < this.#last.length) return
    this.#last = grownFloat64(this.#last, file + 1)
    this.#gap = grownFloat64(this.#gap, file + 1)
    this.#gapBefore = grownFloat64(this.#gapBefore, file + 1)
    this.#lately = grownFloat64(this.#lately, file + 1)
    this.#long = grownFloat64(this.#long, file + 1)
    this.#reads = grownInt32(this.#reads, file + 1)
    this.#renewals = grownInt32(this.#renewals, file + 1)
  }
}

/** An entry that is next to leave; `isUnread` where it was warmed and nobody has read it yet. */
type EndOfStay = {
  readonly out: Int32Array
  readonly salt: number
  readonly expectation: Expectation
  readonly isUnread: boolean
}

/** The bucket of a time that is not known, past all others. */
const UNSEEN = 15
