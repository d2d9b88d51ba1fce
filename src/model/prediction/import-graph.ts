import { type Candidates, SOURCE } from './candidates.ts'
import type { OpenSession } from './open-sessions.ts'

const NAMED_MAX = 48

/**
 * Who imports whom, known before anybody reads: a type checker, a bundler or a test runner follows these edges, also to
 * files that nobody has read yet. Bounded by the graph it is given.
 */
export class ImportGraph {
  readonly #imports = new Map<number, number[]>()

  add(from: number, to: number): void {
    const known = this.#imports.get(from)
    if (known === undefined) this.#imports.set(from, [to])
    else known.push(to)
  }

  /** Counts for the session that `file` was read: each of its imports has one more importer now. */
  observe(session: OpenSession, file: number): void {
    if (session.readAt.has(file)) return
    for (const imported of this.#imports.get(file) ?? []) {
      session.importedBy.add(imported, 1)
    }
  }

  /** Names the imports of `file` that the session has not read yet. */
  name(session: OpenSession, file: number, candidates: Candidates): void {
    let named = 0
    for (const imported of this.#imports.get(file) ?? []) {
      if (session.readAt.has(imported)) continue
      if (candidates.add(imported, SOURCE.imports) < 0 || ++named >= NAMED_MAX) return
    }
  }
}
