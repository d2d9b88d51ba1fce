import type { Language } from '../../../ports/language.ts'
import { parseGo } from './parser.ts'
import { createGoResolver, isModuleFile } from './resolver.ts'

const NAME = 'go'

/** Go with modules. docs/dependencies.md says what is resolved, and for which platform. */
export function createGoLanguage(): Language {
  return {
    name: NAME,
    parserVersion: '1',
    isLinear: true,
    handles: (path) => path.endsWith('.go'),
    imports: (path, bytes) => {
      const { symbols: _, ...parsed } = parseGo(path, bytes)
      return parsed
    },
    parse: (path, bytes) => ({ language: NAME, ...parseGo(path, bytes) }),
    isConfiguration: isModuleFile,
    resolver: createGoResolver,
  }
}
