import { type Language, type Node, Parser } from 'web-tree-sitter'
import { processorClock, SERVED_MIN, withDeadline } from '../deadline.ts'
import { type LanguageOptions, parseMsMax } from '../options.ts'
import { loadGrammar, type Runtime } from './runtime.ts'

export type { Node } from 'web-tree-sitter'

/** Of files that have no tree: the fault to tell. */
export type NoTree = { readonly fault: string }

/** Parsers of one grammar, for text of any kind: it takes a limited time, and what is nested too deeply has no tree. */
export class TreeReader {
  readonly #runtime: Runtime
  readonly #grammar: Language
  readonly #isGuarded: boolean
  #idle: Parser | undefined
  /** Parsers at work, and those that never came back: in an unknown state, they are not even to be freed. */
  readonly #taken = new Set<Parser>()

  constructor(runtime: Runtime, grammar: Language, { guarded }: LanguageOptions) {
    this.#runtime = runtime
    this.#grammar = grammar
    this.#isGuarded = guarded
  }

  /** What `visit` finds in the tree, which is gone afterwards. */
  read<Result>(text: string, visit: (root: Node) => Result): Result | NoTree {
    const timeMsMax = parseMsMax(text.length)
    try {
      const found = withDeadline(this.#isGuarded ? timeMsMax : null, () => this.#read(text, visit))
      return found === 'late' ? { fault: `is not parsed within ${timeMsMax} ms` } : found
    } catch (cause) {
      if (cause instanceof RangeError) return { fault: 'is nested too deeply' }
      throw cause
    }
  }

  #read<Result>(text: string, visit: (root: Node) => Result): Result | 'late' {
    const parser = this.#take()
    // Most that take too long are stopped here, well before the watchdog leaves a parser behind.
    const timeMsMax = parseMsMax(text.length)
    const [halfMs, used] = [performance.now() + timeMsMax / 2, processorClock()]
    const isLate = () => performance.now() > halfMs && used() > timeMsMax * SERVED_MIN
    const tree = parser.parse(text, null, { progressCallback: isLate })
    if (tree === null) parser.reset()
    const found = tree === null ? 'late' : visit(tree.rootNode)
    tree?.delete()
    this.#taken.delete(parser)
    this.#idle = parser
    return found
  }

  #take(): Parser {
    this.#runtime.resetStack()
    const parser = this.#idle ?? new Parser().setLanguage(this.#grammar)
    this.#idle = undefined
    this.#taken.add(parser)
    return parser
  }
}

/** A reader of the grammar in the package of this name. */
export async function loadTreeReader(name: string, options: LanguageOptions): Promise<TreeReader> {
  const { runtime, grammar } = await loadGrammar(name)
  return new TreeReader(runtime, grammar, options)
}
