/**
 * Files that are not to be asked for: a worker or the way to it has just turned them down, or the origin has them no
 * more. Without it a file that cannot be warmed would be asked for again at every read that names it. At most one entry
 * a known file.
 */
export class Refusals {
  readonly #until = new Map<number, number>()

  /** No warm of `file` before the cache's clock says `untilMoves`; Infinity until it is lifted. */
  refuse(file: number, untilMoves: number): void {
    this.#until.set(file, untilMoves)
  }

  lift(file: number): void {
    this.#until.delete(file)
  }

  holds(file: number, moves: number): boolean {
    const until = this.#until.get(file)
    if (until === undefined) return false
    if (moves < until) return true
    this.#until.delete(file)
    return false
  }
}
