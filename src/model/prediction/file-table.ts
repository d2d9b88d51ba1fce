import { grownInt32, hashText } from './grow.ts'

/** Paths to small integers, with what a path alone tells: directory, extension, stem. */
export class FileTable {
  readonly #ids = new Map<string, number>()
  readonly #paths: string[] = []
  #hash = new Int32Array(1024)
  #extension = new Int32Array(1024)
  #directory = new Int32Array(1024)
  #top = new Int32Array(1024)

  get size(): number {
    return this.#paths.length
  }

  find(path: string): number | undefined {
    return this.#ids.get(path)
  }

  /** The id of `path`, given out at first sight. */
  intern(path: string): number {
    const known = this.#ids.get(path)
    if (known !== undefined) return known
    const id = this.#paths.push(path) - 1
    this.#ids.set(path, id)
    this.#describe(id, path)
    return id
  }

  path(id: number): string {
    return this.#paths[id] ?? ''
  }

  /** Hash of the whole path: the same in every process, as the id is not. */
  hash(id: number): number {
    return this.#hash[id] ?? 0
  }

  /** Hash of the file's extension. */
  extension(id: number): number {
    return this.#extension[id] ?? 0
  }

  /** Hash of the file's directory. */
  directory(id: number): number {
    return this.#directory[id] ?? 0
  }

  /** Hash of the first two segments of the file's directory. */
  top(id: number): number {
    return this.#top[id] ?? 0
  }

  #describe(id: number, path: string): void {
    if (id >= this.#extension.length) {
      this.#hash = grownInt32(this.#hash, id + 1)
      this.#extension = grownInt32(this.#extension, id + 1)
      this.#directory = grownInt32(this.#directory, id + 1)
      this.#top = grownInt32(this.#top, id + 1)
    }
    this.#hash[id] = hashText(path)
    const directory = directoryOf(path)
    const dot = path.lastIndexOf('.')
    this.#extension[id] = dot > directory.length ? hashText(path.slice(dot)) : 0
    this.#directory[id] = hashText(directory)
    this.#top[id] = hashText(directory.split('/', 2).join('/'))
  }
}

/** What stands before the last slash; the empty string at the root. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** A file's name without directory, extensions and the marks of a test, so that a test and its subject share it. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.indexOf('.', 1)
  const bare = dot > 0 ? name.slice(0, dot) : name
  return bare.replace(/^(test_|tests_)|(_test|_tests|-test|_spec|-spec)$/g, '')
}
