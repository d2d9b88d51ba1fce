/**
 * A programming language as the import graph needs it: a parser of one file, and a resolver over a listing. Neither opens
 * files, so both work on any origin. Adapters: one folder a language under src/adapters/languages/.
 */
import type { ParsedFile, ParsedImport, ParsedImports } from '../dependencies/parsed-file.ts'

export interface Language {
  readonly name: string
  /** Changes whenever the same bytes would parse otherwise: what was parsed with another version is parsed again. */
  readonly parserVersion: string
  /** Whether files of this path are of this language, by its name alone. */
  handles(path: string): boolean
  /**
   * The imports that `parse` tells, at the least cost, with the faults that were met on the way: all that the import
   * graph asks for, of every file of a workspace. Never throws.
   */
  imports(path: string, bytes: Uint8Array): ParsedImports
  /** Parses a file. Broken source is no error: what can be read of it is told, with its faults. Never throws. */
  parse(path: string, bytes: Uint8Array): ParsedFile
  /** Whether imports of other files depend on what stands in this one (tsconfig.json, package.json, go.mod). */
  isConfiguration(path: string): boolean
  /** Whether its parser may tell of a file that no import leads to it (`ParsedFile.leftOut`). */
  readonly leavesOut?: boolean
  /** A resolver over a whole tree. Broken configuration files count as absent. */
  resolver(tree: SourceTree): Resolver
}

/** The files of a workspace at one revision. */
export type SourceTree = {
  /** All files of all languages, `/`-separated, relative to the workspace. */
  readonly files: ReadonlySet<string>
  /** Bytes of the files that `isConfiguration` asked for. */
  readonly configurations: ReadonlyMap<string, Uint8Array>
}

export interface Resolver {
  /** Files of the tree that a file imports, each once, without itself, in the order of its imports. Never throws. */
  resolve(from: string, imports: readonly ParsedImport[]): readonly string[]
}
