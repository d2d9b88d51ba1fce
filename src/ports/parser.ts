/** Parses files beside the caller's thread, so that nothing else stalls. Adapters: the pool of parse threads. */
import type { ParsedFile, ParsedImports } from '../dependencies/parsed-file.ts'

export type SourceFile = { readonly path: string; readonly bytes: Uint8Array }

export interface Parser {
  /**
   * What files import, in the order asked. Each takes bounded time: one that hangs or ends its parser has a fault, and
   * so has one of no known language. Rejects only with the signal's reason.
   */
  imports(files: readonly SourceFile[], signal: AbortSignal): Promise<readonly ParsedImports[]>
  /** All that is to be known of one file; null when it is of no known language. */
  parse(file: SourceFile, signal: AbortSignal): Promise<ParsedFile | null>
  close(): Promise<void>
}
