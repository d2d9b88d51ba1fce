import type { Language } from '../ports/language.ts'

/** Makers of every language; the first one that handles a file has it. A new language is one folder and one line here. */
const MAKERS: readonly (() => Language | Promise<Language>)[] = []

/** All languages whose files can be parsed. In a worker thread as well as in the main one. */
export const loadLanguages = (): Promise<readonly Language[]> => Promise.all(MAKERS.map((make) => make()))
