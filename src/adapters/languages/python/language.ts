import type { Language } from '../../../ports/language.ts'
import type { LanguageOptions } from '../options.ts'
import { loadTreeReader } from '../tree-sitter/reader.ts'
import { parsePython } from './parser.ts'
import { createPythonResolver } from './resolver.ts'

const NAME = 'python'

/** Python 3 and its stubs. docs/dependencies.md says what is resolved, and where that differs from ruff. */
export async function createPythonLanguage(options: LanguageOptions = { guarded: true }): Promise<Language> {
  const trees = await loadTreeReader('tree-sitter-python', options)
  return {
    name: NAME,
    parserVersion: 'tree-sitter-python-0.25.0/1',
    handles: (path) => path.endsWith('.py') || path.endsWith('.pyi'),
    imports: (_path, bytes) => {
      const { imports, faults } = parsePython(trees, bytes, { symbols: false })
      return { imports, faults }
    },
    parse: (_path, bytes) => ({ language: NAME, ...parsePython(trees, bytes, { symbols: true }) }),
    // What pyproject.toml says is not read, only that it is there.
    isConfiguration: () => false,
    resolver: createPythonResolver,
  }
}
