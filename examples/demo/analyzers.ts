import { stripTypeScriptTypes } from 'node:module'
import { posix } from 'node:path'
import { ESLint, type Linter } from 'eslint'

/** Reads one file of the workspace; the demo passes the cached reader. */
export type ReadFile = (path: string) => Promise<Uint8Array>

/** A real analyzer run: which files it takes and what it does with each. Resolves with the number of findings. */
export type Analyzer = {
  readonly name: string
  readonly takes: (path: string) => boolean
  readonly run: (files: readonly string[], read: ReadFile) => Promise<number>
}

const RULES: Linter.RulesRecord = {
  'no-undef': 'off',
  'no-unused-vars': 'warn',
  'no-shadow': 'warn',
  'prefer-const': 'warn',
  complexity: ['warn', 12],
  'max-depth': ['warn', 4],
  'no-param-reassign': 'warn',
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** ESLint over TypeScript sources: types are blanked out in place, then the JavaScript that remains is linted. */
async function lint(files: readonly string[], read: ReadFile): Promise<number> {
  const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: [{ rules: RULES }] })
  let findings = 0
  for (const path of files) {
    const source = stripTypeScriptTypes(text(await read(path)))
    const results = await eslint.lintText(source, { filePath: path.replace(/\.ts$/, '.js') })
    findings += results.reduce((sum, result) => sum + result.warningCount + result.errorCount, 0)
  }
  return findings
}

/** Checks that every relative link of the documents leads to a file, reading that file as well. */
async function checkLinks(files: readonly string[], read: ReadFile): Promise<number> {
  let broken = 0
  for (const path of files) {
    for (const [, link] of text(await read(path)).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      if (link === undefined) continue
      const target = posix.normalize(posix.join(posix.dirname(path), link))
      broken += await read(target).then(
        () => 0,
        () => 1,
      )
    }
  }
  return broken
}

/** The fleet of the demo: three jobs that a repository's CI would run at every revision. */
export const ANALYZERS: readonly Analyzer[] = [
  { name: 'eslint-src', takes: (path) => /^(src|consumers|producers)\/.*\.ts$/.test(path), run: lint },
  { name: 'eslint-test', takes: (path) => /^(test|bench|examples)\/.*\.ts$/.test(path), run: lint },
  { name: 'doc-links', takes: (path) => path.endsWith('.md'), run: checkLinks },
]
