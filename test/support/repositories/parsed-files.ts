import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { ParsedFile } from '../../../src/dependencies/parsed-file.ts'
import type { Language } from '../../../src/ports/language.ts'

/** All that is parsed of the files of one language below a folder. */
export async function parsedFiles(language: Language, folder: string): Promise<ReadonlyMap<string, ParsedFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const parsed = new Map<string, ParsedFile>()
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const file = relative(folder, path)
    if (entry.isFile() && language.handles(file)) parsed.set(file, language.parse(file, await readFile(path)))
  }
  return parsed
}
