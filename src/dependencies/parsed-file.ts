/** What a parser says of one file: the input of the import graph and of the `ast` layer. */

/**
 * How an import stands in the source. `static`: always loaded with the file. `dynamic`: loaded when the code comes there
 * (`import()`, an import inside a function). `conditional`: under a condition at the top level (`try`, `if`).
 * `type`: for type checkers only (`import type`, `if TYPE_CHECKING`).
 */
export type ImportKind = 'static' | 'dynamic' | 'conditional' | 'type'

export type ParsedImport = {
  /** As the source names it: `./a.js`, `react`, `package.module`, `example.com/x/y`. */
  readonly specifier: string
  readonly kind: ImportKind
  /** Leading dots of a Python relative import; 0 elsewhere. */
  readonly level: number
  /** Names that are taken from the module where a name can itself be a module (Python's `from a import b`); `*` for all. */
  readonly names: readonly string[]
}

/** A name that a file defines at its top level. Lines count from 1; both ends belong to it. */
export type TopLevelSymbol = {
  readonly name: string
  readonly kind: 'function' | 'class' | 'variable' | 'type' | 'constant'
  readonly fromLine: number
  readonly toLine: number
  readonly exported: boolean
}

export type ParseFault = { readonly line: number; readonly message: string }

export type ParsedFile = {
  /** Name of the language that parsed it. */
  readonly language: string
  readonly imports: readonly ParsedImport[]
  readonly symbols: readonly TopLevelSymbol[]
  /** Faults of the source; the rest of the file is parsed all the same. */
  readonly faults: readonly ParseFault[]
  /**
   * The file is no part of the program on the language's default platform (Go's build constraints): no import leads to
   * it, although its own imports count.
   */
  readonly leftOut?: boolean
}

/** What the import graph needs of a file. */
export type ParsedImports = Pick<ParsedFile, 'imports' | 'faults' | 'leftOut'>
