/** One `git cat-file --batch-command`, kept as long as it is used: an object costs no process. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { unavailable } from '../unavailable.ts'
import { cannotRun, type Git, startGit, watch } from './run.ts'

export type ObjectInfo = { readonly id: string; readonly type: string; readonly bytes: number }

type Found = { readonly info: ObjectInfo; readonly contents: Uint8Array }

type Request = {
  readonly line: string
  readonly withContents: boolean
  readonly resolve: (found: Found | null) => void
  readonly reject: (reason: unknown) => void
}

/** Longest line before the contents of an object. */
const HEADER_BYTES_MAX = 4_096

/** Questions are answered in their order, so one that git is stuck at holds up all: then the process is killed. */
export class ObjectReader {
  readonly #git: Git
  readonly #timeoutMs: number
  #session: Session | null = null
  #closed = false

  constructor(git: Git, timeoutMs: number) {
    this.#git = git
    this.#timeoutMs = timeoutMs
  }

  /** What an object is, by a name that holds no line break; null when there is none. */
  async info(name: string, signal: AbortSignal): Promise<ObjectInfo | null> {
    return (await this.#ask({ line: `info ${name}\n`, withContents: false }, signal))?.info ?? null
  }

  /** An object with its bytes; ask for its size before. */
  async contents(id: string, signal: AbortSignal): Promise<Uint8Array | null> {
    return (await this.#ask({ line: `contents ${id}\n`, withContents: true }, signal))?.contents ?? null
  }

  /** Ends the process; later questions reject. */
  close(): void {
    this.#closed = true
    this.#session?.end(unavailable('the git origin is closed'))
    this.#session = null
  }

  #ask(question: Pick<Request, 'line' | 'withContents'>, signal: AbortSignal): Promise<Found | null> {
    if (this.#closed) return Promise.reject(unavailable('the git origin is closed'))
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const leave = (): void => reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      const done = (): void => signal.removeEventListener('abort', leave)
      this.#live().ask({
        ...question,
        resolve: (found) => {
          done()
          resolve(found)
        },
        reject: (reason) => {
          done()
          reject(reason)
        },
      })
    })
  }

  /** The running process, else a new one: a process that died is replaced at the next question. */
  #live(): Session {
    if (this.#session === null || this.#session.over) this.#session = new Session(this.#git, this.#timeoutMs)
    return this.#session
  }
}

class Session {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: Request[] = []
  readonly #timer: NodeJS.Timeout
  over = false
  #header: Buffer = Buffer.alloc(0)
  /** The object whose contents are coming in. */
  #body: { readonly info: ObjectInfo; readonly contents: Uint8Array; filled: number } | null = null

  constructor(git: Git, timeoutMs: number) {
    this.#child = startGit(git, ['cat-file', '--batch-command'])
    this.#timer = setTimeout(() => this.#stuck(timeoutMs), timeoutMs)
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk))
    watch(this.#child).then(({ exitCode, complaint, spawnError }) => {
      const how = `git cat-file ended with ${exitCode ?? 'a signal'} in ${git.directory} (${complaint.trim()})`
      this.end(spawnError === null ? unavailable(how) : cannotRun(spawnError))
    })
  }

  ask(request: Request): void {
    if (this.#waiting.length === 0) this.#timer.refresh()
    this.#waiting.push(request)
    this.#child.stdin.write(request.line)
  }

  end(reason: unknown): void {
    if (this.over) return
    this.over = true
    clearTimeout(this.#timer)
    this.#child.kill('SIGKILL')
    for (const request of this.#waiting.splice(0)) request.reject(reason)
  }

  #stuck(timeoutMs: number): void {
    if (this.#waiting.length > 0) this.end(unavailable(`git cat-file gave no answer within ${timeoutMs} ms`))
  }

  #take(chunk: Buffer): void {
    let rest: Buffer = chunk
    while (rest.length > 0 && !this.over) {
      this.#timer.refresh()
      rest = this.#body === null ? this.#takeHeader(rest) : this.#takeBody(rest)
    }
  }

  #takeHeader(chunk: Buffer): Buffer {
    const end = chunk.indexOf(0x0a)
    this.#header = Buffer.concat([this.#header, end === -1 ? chunk : chunk.subarray(0, end)])
    if (this.#header.length > HEADER_BYTES_MAX) this.end(unavailable('git cat-file answers in a way that is not known'))
    if (end === -1) return Buffer.alloc(0)
    const line = this.#header.toString()
    this.#header = Buffer.alloc(0)
    this.#answer(line)
    return chunk.subarray(end + 1)
  }

  #answer(line: string): void {
    const [, id, type, size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(line) ?? []
    if (id === undefined || type === undefined || size === undefined) {
      // `<name> missing`, `<name> ambiguous`: there is no such object.
      this.#waiting.shift()?.resolve(null)
      return
    }
    const info = { id, type, bytes: Number(size) }
    const withContents = this.#waiting[0]?.withContents ?? false
    const contents = new Uint8Array(withContents ? info.bytes : 0)
    if (withContents) this.#body = { info, contents, filled: 0 }
    else this.#waiting.shift()?.resolve({ info, contents })
  }

  #takeBody(chunk: Buffer): Buffer {
    const body = this.#body
    if (body === null) return chunk
    const part = chunk.subarray(0, body.info.bytes - body.filled)
    body.contents.set(part, body.filled)
    body.filled += part.length
    const rest = chunk.subarray(part.length)
    // The contents are followed by a line break.
    if (body.filled < body.info.bytes || rest.length === 0) return rest
    this.#body = null
    this.#waiting.shift()?.resolve({ info: body.info, contents: body.contents })
    return rest.subarray(1)
  }
}
