import { Worker } from 'node:worker_threads'
import type { ParsedFile } from '../../dependencies/parsed-file.ts'
import type { ParseWish } from './parse-batch.ts'

/** JavaScript heap of a thread: a file of the largest size that is parsed takes a tenth of it. */
const HEAP_MEGABYTES_MAX = 512

export type ParseAnswer = readonly (ParsedFile | null)[]

type Waiting = { answer(parsed: ParseAnswer): void; fail(cause: Error): void }

/** One thread that parses, wish after wish. It keeps the process open only while somebody waits. */
export class ParseThread {
  readonly #worker: Worker
  /** In the order of their wishes, which is the order of the answers. */
  readonly #waiting: Waiting[] = []
  #lost: Error | null = null

  /** `code`: the module that a thread runs. */
  constructor(code: URL) {
    this.#worker = new Worker(code, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX } })
    this.#worker.unref()
    this.#worker.on('message', (parsed: ParseAnswer) => this.#next()?.answer(parsed))
    this.#worker.on('error', (cause: Error) => this.#lose(cause))
    this.#worker.on('exit', () => this.#lose(new Error('the parse thread has ended')))
  }

  get isLost(): boolean {
    return this.#lost !== null
  }

  /** Wishes that have no answer yet. */
  get load(): number {
    return this.#waiting.length
  }

  /** Rejects when the thread ends before its answer. */
  parse(wish: ParseWish): Promise<ParseAnswer> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    return new Promise((answer, fail) => {
      this.#waiting.push({ answer, fail })
      this.#worker.ref()
      this.#worker.postMessage(wish)
    })
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #next(): Waiting | undefined {
    const waiting = this.#waiting.shift()
    if (this.#waiting.length === 0) this.#worker.unref()
    return waiting
  }

  #lose(cause: Error): void {
    this.#lost ??= cause
    for (let waiting = this.#next(); waiting !== undefined; waiting = this.#next()) waiting.fail(cause)
  }
}
