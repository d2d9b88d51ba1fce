import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { ParsedFile } from '../../../src/dependencies/parsed-file.ts'
import type { Language } from '../../../src/ports/language.ts'

export type LanguageGraph = {
  readonly parsed: ReadonlyMap<string, ParsedFile>
  /** Imports of every file of the language, without files that are left out. */
  readonly edges: ReadonlyMap<string, readonly string[]>
}

/** Parses and resolves all files of one language below a folder, one after the other. */
export async function languageGraph(language: Language, folder: string): Promise<LanguageGraph> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const configurations = new Map<string, Uint8Array>()
  const parsed = new Map<string, ParsedFile>()
  for (const file of files) {
    if (language.isConfiguration(file)) configurations.set(file, await readFile(join(folder, file)))
    if (language.handles(file)) parsed.set(file, language.parse(file, await readFile(join(folder, file))))
  }
  const resolver = language.resolver({ files: new Set(files), configurations })
  const edges = [...parsed].map(([file, { imports }]) => {
    return [file, resolver.resolve(file, imports).filter((to) => !parsed.get(to)?.leftOut)] as const
  })
  return { parsed, edges: new Map(edges) }
}
