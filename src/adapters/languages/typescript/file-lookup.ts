import { joined } from './paths.ts'

/** Extensions of sources; what an import names with one of them may stand for another one. */
const SOURCE_EXTENSION = /(?:\.d)?\.[cm]?ts$|\.[cm]?js$|\.[jt]sx$|\.json$/

/** By the extension that is written, in the order in which TypeScript looks. */
const SUBSTITUTES: ReadonlyMap<string, readonly string[]> = new Map([
  ['.mjs', ['.mts', '.d.mts', '.mjs']],
  ['.mts', ['.mts', '.d.mts', '.mjs']],
  ['.d.mts', ['.mts', '.d.mts', '.mjs']],
  ['.cjs', ['.cts', '.d.cts', '.cjs']],
  ['.cts', ['.cts', '.d.cts', '.cjs']],
  ['.d.cts', ['.cts', '.d.cts', '.cjs']],
  ['.json', ['.d.json.ts', '.json']],
  ['.tsx', ['.tsx', '.ts', '.d.ts', '.jsx', '.js']],
  ['.jsx', ['.tsx', '.ts', '.d.ts', '.jsx', '.js']],
])
const IMPLIED = ['.ts', '.tsx', '.d.ts', '.js', '.jsx']

/** What Node adds beyond TypeScript. */
const NODE_EXTENSIONS = ['.json', '.node']

/**
 * Finds the file that a path of an import means, as TypeScript does: `./a.js` is a.ts if there is one, `./a` may be
 * a.tsx or a/index.d.ts. Files of other kinds (styles, images, data) are found by their whole name.
 */
export class FileLookup {
  readonly #files: ReadonlySet<string>
  readonly #entriesOf: (folder: string) => readonly string[]

  /** `entriesOf`: what the package.json in a folder names as its entries. */
  constructor(files: ReadonlySet<string>, entriesOf: (folder: string) => readonly string[]) {
    this.#files = files
    this.#entriesOf = entriesOf
  }

  /** The file or the folder's index that a path means. */
  find(path: string): string | null {
    return this.file(path) ?? this.folder(path) ?? (this.#files.has(path) ? path : null)
  }

  /** The file that a path means, its extension being another one or left out. */
  file(path: string): string | null {
    if (path === '') return null
    return this.#substituted(path) ?? this.#first(path, IMPLIED) ?? this.#first(path, NODE_EXTENSIONS)
  }

  /** The entry of a folder: what its package.json names, else its index. */
  folder(folder: string): string | null {
    for (const entry of this.#entriesOf(folder)) {
      const path = joined(folder, entry)
      const found = path === null ? null : (this.file(path) ?? this.#index(path))
      if (found !== null) return found
    }
    return this.#index(folder)
  }

  #index(folder: string): string | null {
    const index = folder === '' ? 'index' : `${folder}/index`
    return this.#first(index, IMPLIED) ?? this.#first(index, NODE_EXTENSIONS)
  }

  #substituted(path: string): string | null {
    const extension = SOURCE_EXTENSION.exec(path)?.[0] ?? /\.[^./]+$/.exec(path)?.[0]
    if (extension === undefined) return null
    const stem = path.slice(0, -extension.length)
    const isSource = SOURCE_EXTENSION.test(extension)
    return this.#first(stem, isSource ? (SUBSTITUTES.get(extension) ?? IMPLIED) : [`.d${extension}.ts`])
  }

  #first(stem: string, extensions: readonly string[]): string | null {
    for (const extension of extensions) if (this.#files.has(stem + extension)) return stem + extension
    return null
  }
}
