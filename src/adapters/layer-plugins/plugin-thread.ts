import { Worker } from 'node:worker_threads'
import { messageOf } from '../../ports/errors.ts'
import type { Loaded, Made, PluginThreadData, Wanted } from './messages.ts'

/** Why a thread gave no answer; the file that it had in hand may be at fault, or what an earlier one left behind. */
export class ThreadLost extends Error {}

/** No answer within the time: the file in hand is at fault, and the thread was ended. */
class ThreadLate extends Error {}

export type ThreadLimits = {
  /** Time for all modules to load. */
  readonly loadMs: number
  /** JavaScript heap of a thread. */
  readonly heapMegabytesMax: number
}

/** What a plugin that obeys its signal gets to end by itself before its thread is ended. */
const GRACE_MS = 200

/** In sources as well as in what is built of them. */
const CODE = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)

type Waiting = { answer(message: unknown): void; fail(cause: Error): void }

/** One thread with all plugins loaded. It makes one value at a time, so that a late answer names its file. */
export class PluginThread {
  readonly #worker: Worker
  #waiting: Waiting | null = null
  #lost: Error | null = null

  private constructor(modules: readonly string[], heapMegabytesMax: number) {
    const workerData: PluginThreadData = { modules }
    const resourceLimits = { maxOldGenerationSizeMb: heapMegabytesMax }
    this.#worker = new Worker(CODE, { workerData, resourceLimits })
    this.#worker.on('message', (message: unknown) => this.#settle()?.answer(message))
    this.#worker.on('error', (cause) => this.#lose(new ThreadLost(`its thread ended: ${messageOf(cause)}`, { cause })))
    this.#worker.on('exit', () => this.#lose(new ThreadLost('it ended its thread')))
  }

  /** Starts a thread; also says what it loaded. Rejects with ThreadLate or ThreadLost. */
  static async start(modules: readonly string[], limits: ThreadLimits): Promise<{ thread: PluginThread } & Loaded> {
    const thread = new PluginThread(modules, limits.heapMegabytesMax)
    const loaded = (await thread.#answer(limits.loadMs)) as Loaded
    return { thread, modules: loaded.modules }
  }

  get isLost(): boolean {
    return this.#lost !== null
  }

  /** Rejects with ThreadLate or ThreadLost; the thread is of no use then. */
  make(wanted: Wanted): Promise<Made> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    const made = this.#answer(wanted.timeMs + GRACE_MS) as Promise<Made>
    this.#worker.postMessage(wanted)
    return made
  }

  async end(): Promise<void> {
    this.#lose(new ThreadLost('the process stops'))
    await this.#worker.terminate()
  }

  /** Holds the process open only while somebody waits. */
  #answer(timeMs: number): Promise<unknown> {
    this.#worker.ref()
    return new Promise((answer, fail) => {
      const timer = setTimeout(() => {
        this.#lose(new ThreadLate(`it gave no answer within ${timeMs} ms`))
        this.#worker.terminate()
      }, timeMs)
      this.#waiting = {
        answer: (message) => {
          clearTimeout(timer)
          answer(message)
        },
        fail: (cause) => {
          clearTimeout(timer)
          fail(cause)
        },
      }
    })
  }

  #settle(): Waiting | null {
    const waiting = this.#waiting
    this.#waiting = null
    this.#worker.unref()
    return waiting
  }

  #lose(cause: Error): void {
    this.#lost ??= cause
    this.#settle()?.fail(cause)
  }
}
