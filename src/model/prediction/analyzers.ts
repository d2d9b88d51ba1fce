import { hashText } from './grow.ts'
import { LIMITS } from './limits.ts'

/** Names of analyzers to small integers; what comes past the bound shares the first one's. */
export class Analyzers {
  readonly #ids = new Map<string, number>()
  readonly #names: string[] = []
  readonly #hashes: number[] = []

  /** The number of `name`, given out at first sight. */
  intern(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    if (this.#names.length >= LIMITS.analyzersMax) return 0
    this.#hashes.push(hashText(name))
    const analyzer = this.#names.push(name) - 1
    this.#ids.set(name, analyzer)
    return analyzer
  }

  name(analyzer: number): string {
    return this.#names[analyzer] ?? ''
  }

  /** Hash of the name: the same in every process. */
  hash(analyzer: number): number {
    return this.#hashes[analyzer] ?? 0
  }
}
