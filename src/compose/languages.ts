import { availableParallelism } from 'node:os'
import { createGoLanguage } from '../adapters/languages/go/language.ts'
import type { LanguageOptions } from '../adapters/languages/options.ts'
import type { LanguageSets } from '../adapters/languages/parse-batch.ts'
import { createParsePool } from '../adapters/languages/parse-pool.ts'
import { createPythonLanguage } from '../adapters/languages/python/language.ts'
import { createTypeScriptLanguage } from '../adapters/languages/typescript/language.ts'
import type { Language } from '../ports/language.ts'
import type { Parser } from '../ports/parser.ts'

/** Makers of every language; the first one that handles a file has it. A new language is one folder and one line here. */
const MAKERS: readonly ((options: LanguageOptions) => Language | Promise<Language>)[] = [
  createTypeScriptLanguage,
  createPythonLanguage,
  createGoLanguage,
]

/** All languages whose files can be parsed. In a worker thread as well as in the main one. */
export const loadLanguages = (options: LanguageOptions = { guarded: true }): Promise<readonly Language[]> =>
  Promise.all(MAKERS.map((make) => make(options)))

export async function loadLanguageSets(): Promise<LanguageSets> {
  return { guarded: await loadLanguages(), unguarded: await loadLanguages({ guarded: false }) }
}

/** Threads that parse: more would take the machine from everything else. */
const PARSE_THREADS_MAX = 4

/** In sources as well as in what is built of them. */
const THREAD_CODE = new URL(
  import.meta.url.endsWith('.ts') ? './parse-worker.ts' : './parse-worker.js',
  import.meta.url,
)

/** A parser of all languages; it starts threads when there is work for them, and ends them when it is closed. */
export async function openParser(): Promise<Parser> {
  const threadsMax = Math.min(PARSE_THREADS_MAX, availableParallelism())
  return createParsePool({ code: THREAD_CODE, threadsMax, languages: await loadLanguageSets() })
}
