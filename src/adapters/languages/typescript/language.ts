import type { ParsedImports } from '../../../dependencies/parsed-file.ts'
import type { Language } from '../../../ports/language.ts'
import { type LanguageOptions, parseMsMax } from '../options.ts'
import { sourceText } from '../text.ts'
import { importsOf } from './imports.ts'
import { lexedImports } from './lexed-imports.ts'
import { inNodeModules } from './paths.ts'
import { TypeScriptResolver } from './resolver.ts'
import { salvagedImports } from './salvage.ts'
import { symbolsOf } from './symbols.ts'
import { isTypeScript, readSyntax, type Syntax } from './syntax.ts'
import { isTsConfig } from './ts-configs.ts'

const NAME = 'typescript'

/** TypeScript and JavaScript: modules, CommonJS, JSX, Flow. */
export function createTypeScriptLanguage({ guarded }: LanguageOptions = { guarded: true }): Language {
  return {
    name: NAME,
    parserVersion: 'babel-8.1.2,es-module-lexer-3.0.5/1',
    handles: (path) => /\.(?:[cm]?[jt]s|[jt]sx)$/.test(path) && !inNodeModules(path),
    imports: (path, bytes) => {
      const text = sourceText(bytes)
      const lexed = text === null ? null : lexedImports(path, text)
      if (lexed !== null) return { imports: lexed, faults: [] }
      const { imports, faults } = read(path, bytes, guarded)
      return { imports, faults }
    },
    parse: (path, bytes) => {
      const { imports, faults, syntax } = read(path, bytes, guarded)
      return { language: NAME, imports, faults, symbols: syntax === null ? [] : symbolsOf(syntax.program) }
    },
    isConfiguration: (path) =>
      !inNodeModules(path) && (/(?:^|\/)(?:package\.json|pnpm-workspace\.yaml)$/.test(path) || isTsConfig(path)),
    resolver: (tree) => new TypeScriptResolver(tree),
  }
}

type Reading = ParsedImports & { readonly syntax: Syntax | null }

function read(path: string, bytes: Uint8Array, guarded: boolean): Reading {
  const text = sourceText(bytes)
  if (text === null) return { imports: [], faults: [{ line: 1, message: 'is no text' }], syntax: null }
  const syntax = readSyntax(path, text, guarded ? parseMsMax(bytes.byteLength) : null)
  if (!('program' in syntax)) return { imports: salvagedImports(text), faults: syntax, syntax: null }
  return { imports: importsOf(text, syntax, { jsDoc: !isTypeScript(path) }), faults: syntax.faults, syntax }
}
