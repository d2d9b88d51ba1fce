/** Work that has begun and not ended. */
export class Pending {
  readonly #works = new Set<Promise<void>>()

  get size(): number {
    return this.#works.size
  }

  /** Returns the work as it was given: what it rejects with is the caller's. */
  add(work: Promise<void>): Promise<void> {
    const settled = work.catch(() => {})
    this.#works.add(settled)
    void settled.then(() => this.#works.delete(settled))
    return work
  }

  /** Resolves when all that is pending now has ended, well or not. */
  async idle(): Promise<void> {
    await Promise.all(this.#works)
  }
}
