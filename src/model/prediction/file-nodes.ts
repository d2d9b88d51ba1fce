import type { CacheView } from './cache-view.ts'
import { grownFloat64, grownInt32 } from './grow.ts'

/** The places of one workspace's files in the cache view that all workspaces share, and when each was last read. */
export class FileNodes {
  readonly #view: CacheView
  #node = new Int32Array(1024)
  #lastReadMoves = new Float64Array(1024)
  #size = 0

  constructor(view: CacheView) {
    this.#view = view
  }

  /** The place of a file in the view, 0 for one that has none. */
  readonly of = (file: number): number => this.#node[file] ?? 0

  /** The view's moves at a file's last read, 0 for one that was never read. */
  readonly lastReadMoves = (file: number): number => this.#lastReadMoves[file] ?? 0

  /** Gives a place to each of the first `size` files that has none yet, and calls `placed` with it. */
  reach(size: number, placed: (file: number, node: number) => void): void {
    if (size > this.#node.length) {
      this.#node = grownInt32(this.#node, size)
      this.#lastReadMoves = grownFloat64(this.#lastReadMoves, size)
    }
    for (; this.#size < size; this.#size++) {
      const node = this.#view.allocate()
      this.#node[this.#size] = node
      placed(this.#size, node)
    }
  }

  /** Notes that a file was read at the view's present moves. */
  read(file: number): void {
    this.#lastReadMoves[file] = this.#view.moves
  }

  /** Gives all places back. */
  release(): void {
    for (let file = 0; file < this.#size; file++) this.#view.release(this.of(file))
  }
}
