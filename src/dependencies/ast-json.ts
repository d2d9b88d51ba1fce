import type { ParsedFile } from './parsed-file.ts'

/** Changes whenever the same parse would give another text. */
export const AST_FORMAT = '1'

/** The value of the `ast` layer (docs/layers.md): always the same text for the same parse. */
export function astJson({ language, imports, symbols, faults }: ParsedFile): string {
  return JSON.stringify({
    format: Number(AST_FORMAT),
    language,
    imports: imports.map(({ specifier, kind, level, names }) => ({ specifier, kind, level, names })),
    symbols: symbols.map(({ name, kind, fromLine, toLine, exported }) => ({ name, kind, fromLine, toLine, exported })),
    faults: faults.map(({ line, message }) => ({ line, message })),
  })
}
