import type { LanguageOptions } from '../adapters/languages/options.ts'
import { createTypeScriptLanguage } from '../adapters/languages/typescript/language.ts'
import type { Language } from '../ports/language.ts'

/** Makers of every language; the first one that handles a file has it. A new language is one folder and one line here. */
const MAKERS: readonly ((options: LanguageOptions) => Language | Promise<Language>)[] = [createTypeScriptLanguage]

/** All languages whose files can be parsed. In a worker thread as well as in the main one. */
export const loadLanguages = (options: LanguageOptions = { guarded: true }): Promise<readonly Language[]> =>
  Promise.all(MAKERS.map((make) => make(options)))
