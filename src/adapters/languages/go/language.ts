import type { Language } from '../../../ports/language.ts'
import type { LanguageOptions } from '../options.ts'
import { loadTreeReader } from '../tree-sitter/reader.ts'
import { parseGo } from './parser.ts'
import { createGoResolver, isModuleFile } from './resolver.ts'

const NAME = 'go'

/** Go with modules. docs/dependencies.md says what is resolved, and for which platform. */
export async function createGoLanguage(options: LanguageOptions = { guarded: true }): Promise<Language> {
  const trees = await loadTreeReader('tree-sitter-go', options)
  return {
    name: NAME,
    parserVersion: 'tree-sitter-go-0.25.0/1',
    handles: (path) => path.endsWith('.go'),
    imports: (path, bytes) => {
      const { symbols: _, ...parsed } = parseGo(trees, { path, bytes }, { symbols: false })
      return parsed
    },
    parse: (path, bytes) => ({ language: NAME, ...parseGo(trees, { path, bytes }, { symbols: true }) }),
    isConfiguration: isModuleFile,
    leavesOut: true,
    resolver: createGoResolver,
  }
}
