import type { Language } from '../../../ports/language.ts'
import { parsePython } from './parser.ts'
import { createPythonResolver } from './resolver.ts'

const NAME = 'python'

/** Python 3 up to 3.15 and its stubs. docs/dependencies.md says what is resolved, and where that differs from ruff. */
export function createPythonLanguage(): Language {
  return {
    name: NAME,
    parserVersion: '1',
    isLinear: true,
    handles: (path) => path.endsWith('.py') || path.endsWith('.pyi'),
    // Symbols cost a tenth of it: too little for a way of its own.
    imports: (_path, bytes) => {
      const { imports, faults } = parsePython(bytes)
      return { imports, faults }
    },
    parse: (_path, bytes) => ({ language: NAME, ...parsePython(bytes) }),
    // What pyproject.toml says is not read, only that it is there.
    isConfiguration: () => false,
    resolver: createPythonResolver,
  }
}
