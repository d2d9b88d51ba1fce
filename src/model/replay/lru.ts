import { FileLists } from './file-lists.ts'

/** What a cache has of a file. */
export const ABSENT = 0
export const READ = 1
export const WARMED = 2

/** A cache of files that all count as one, as replay plays it; event time in milliseconds never goes back. */
export interface ReplayCache {
  /** ABSENT, READ, or WARMED and not read yet. */
  state(file: number, nowMs: number): number
  /**
   * Marks the file as used just now, in state READ or WARMED; what was absent takes the place of another. False when the
   * cache takes no warm now.
   */
  put(file: number, state: number, nowMs: number): boolean
}

const LIST = 0

/** Plain least recently used, the judge's cache: warms count like reads. */
export class LruCache implements ReplayCache {
  readonly #capacity: number
  readonly #lists: FileLists
  #state: Uint8Array
  #size = 0

  /** `files` is the number of ids in use so far; larger ids make it grow. */
  constructor(capacity: number, files: number) {
    this.#capacity = capacity
    this.#lists = new FileLists(1, files + 1)
    this.#state = new Uint8Array(files + 1)
  }

  state(file: number): number {
    return this.#state[this.#lists.nodeOf(file)] ?? ABSENT
  }

  put(file: number, state: number): boolean {
    const node = this.#lists.nodeOf(file)
    if (node >= this.#state.length) this.#grow(node)
    if (this.#state[node] === ABSENT) this.#makeRoom()
    else this.#lists.unlink(node)
    this.#state[node] = state
    this.#lists.pushNewest(node, LIST)
    return true
  }

  #makeRoom(): void {
    if (this.#size < this.#capacity) {
      this.#size++
      return
    }
    const victim = this.#lists.oldest(LIST)
    this.#lists.unlink(victim)
    this.#state[victim] = ABSENT
  }

  #grow(node: number): void {
    const nodes = Math.max(node + 1, this.#state.length * 2)
    this.#lists.grow(nodes)
    const state = new Uint8Array(nodes)
    state.set(this.#state)
    this.#state = state
  }
}
