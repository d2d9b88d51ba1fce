/** A bounded number of places; who finds none free waits in line. What keeps memory and an origin's load bounded. */
export class Slots {
  #max: number
  #taken = 0
  readonly #waiting = new Set<() => void>()

  constructor(max: number) {
    this.#max = max
  }

  /** Resolves when a place is the caller's, who must release it; rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#taken < this.#max) {
      this.#taken += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.delete(enter)
        reject(signal.reason)
      }
      this.#waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  release(): void {
    this.#taken -= 1
    this.#admit()
  }

  /** Changes how many places there are; places that are taken beyond it are given up as they are released. */
  resize(max: number): void {
    this.#max = max
    this.#admit()
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#taken >= this.#max) return
      this.#waiting.delete(enter)
      this.#taken += 1
      enter()
    }
  }
}
