/** The bytes that one command may still bring in. Never overdrawn, however many files are in flight. */
export class ByteBudget {
  #leftBytes: number

  constructor(bytesMax: number) {
    this.#leftBytes = bytesMax
  }

  get leftBytes(): number {
    return this.#leftBytes
  }

  /** Takes `bytes` if so many are left. */
  take(bytes: number): boolean {
    if (bytes > this.#leftBytes) return false
    this.#leftBytes -= bytes
    return true
  }

  /** Gives back what was taken for a value that then was not stored. */
  giveBack(bytes: number): void {
    this.#leftBytes += bytes
  }
}
