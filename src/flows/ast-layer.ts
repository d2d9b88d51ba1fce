import { AST_FORMAT, astJson } from '../dependencies/ast-json.ts'
import type { ParsedFile } from '../dependencies/parsed-file.ts'
import type { Language } from '../ports/language.ts'
import type { LayerFile, LayerProducer } from '../ports/layer.ts'

export const AST = 'ast'

/** Null for a file of no known language; takes bounded time. */
export type ParseFile = (file: Pick<LayerFile, 'path' | 'bytes'>, signal: AbortSignal) => Promise<ParsedFile | null>

/** The `ast` layer: what the import graph's own parsers say of a file, as JSON. */
export const createAstLayer = (languages: readonly Language[], parse: ParseFile): LayerProducer => ({
  name: AST,
  version: [AST_FORMAT, parserVersions(languages)].join(' '),
  handles: (path) => languages.some((language) => language.handles(path)),
  isBounded: true,
  produce: async (file, signal) => {
    const parsed = await parse(file, signal)
    return parsed === null ? null : new TextEncoder().encode(astJson(parsed))
  },
})

/** Names and versions of parsers in one word each, in the order of their names. */
export const parserVersions = (languages: readonly Language[]): string =>
  languages
    .map(({ name, parserVersion }) => `${name}:${parserVersion}`)
    .sort()
    .join(' ')
