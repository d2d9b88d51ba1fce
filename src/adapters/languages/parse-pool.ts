import type { ParsedFile } from '../../dependencies/parsed-file.ts'
import type { Parser, SourceFile } from '../../ports/parser.ts'
import { type LanguageSets, type ParseWish, parseBatch } from './parse-batch.ts'
import { type ParseAnswer, ParseThread } from './parse-thread.ts'

export type ParsePoolOptions = {
  /** The module that a thread runs; it answers each ParseWish with a ParseAnswer. */
  readonly code: URL
  readonly threadsMax: number
  /** Languages of the caller's thread, for work that is not worth a thread. */
  readonly languages: LanguageSets
}

/** Work so small is done at once: a thread takes a tenth of a second to start. */
const SMALL = { files: 8, bytes: 64 * 1024 }

/** A parser over threads, which are started when there is work for them. */
export function createParsePool(options: ParsePoolOptions): Parser {
  const pool = new ParsePool(options)
  return {
    imports: async (files, signal) => {
      const parsed = await pool.parse({ what: 'imports', files }, signal)
      return parsed.map((one) => one ?? { imports: [], faults: [{ line: 1, message: 'is of no known language' }] })
    },
    parse: async (file, signal) => (await pool.parse({ what: 'parse', files: [file] }, signal))[0] ?? null,
    close: () => pool.close(),
  }
}

class ParsePool {
  readonly #options: ParsePoolOptions
  readonly #threads: ParseThread[] = []
  #isClosed = false

  constructor(options: ParsePoolOptions) {
    this.#options = options
  }

  async parse(wish: ParseWish, signal: AbortSignal): Promise<ParseAnswer> {
    signal.throwIfAborted()
    if (this.#isSmall(wish.files)) return parseBatch(this.#options.languages, wish)
    return untilAborted(this.#inThread(wish), signal)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end()))
  }

  /** Only while no thread is there already. */
  #isSmall(files: readonly SourceFile[]): boolean {
    const bytes = files.reduce((sum, file) => sum + file.bytes.byteLength, 0)
    return this.#threads.length === 0 && files.length <= SMALL.files && bytes <= SMALL.bytes
  }

  /** A file that ends its thread takes the others of its wish with it: each of them then gets a wish of its own. */
  async #inThread(wish: ParseWish): Promise<ParseAnswer> {
    try {
      return await this.#thread().parse(wish)
    } catch (cause) {
      if (this.#isClosed) throw cause
      const [only, ...more] = wish.files
      if (only !== undefined && more.length === 0) return [this.#endedBy(only)]
      const parsed: (ParsedFile | null)[] = []
      for (const file of wish.files) parsed.push(...(await this.#inThread({ what: wish.what, files: [file] })))
      return parsed
    }
  }

  #endedBy({ path }: SourceFile): ParsedFile | null {
    const language = this.#options.languages.guarded.find((one) => one.handles(path))
    const faults = [{ line: 1, message: 'ends its parser' }]
    return language === undefined ? null : { language: language.name, imports: [], symbols: [], faults }
  }

  /** The thread with the least to do, or a new one while all have something and there is room. */
  #thread(): ParseThread {
    const living = this.#threads.filter((thread) => !thread.isLost)
    const [idlest] = living.sort((one, other) => one.load - other.load)
    if (idlest !== undefined && (idlest.load === 0 || living.length >= this.#options.threadsMax)) return idlest
    const started = new ParseThread(this.#options.code)
    this.#threads.splice(0, this.#threads.length, ...living, started)
    return started
  }
}

/** The work's end or the signal's reason, whichever is first; what is left of the work then ends unseen. */
function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
