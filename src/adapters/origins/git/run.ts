/**
 * How git is run. A repository's own configuration can name programs that git then runs (core.fsmonitor, hooks, filters,
 * remote helpers for objects that a partial clone lacks), so: nothing of the system's or the user's configuration, no
 * hooks, no monitor, no transport, no replaced objects, and the repository named outright, so that git looks for none.
 * Commands that look into a work tree do not read the repository's configuration at all (see work-tree.ts).
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { messageOf } from '../../../ports/errors.ts'
import { unavailable } from '../unavailable.ts'

export type Git = {
  /** The repository itself: a bare one's folder, a checkout's `.git` (a folder, or a file that leads to it). */
  readonly directory: string
  /** Where programs are looked for (PATH); the system's default without. */
  readonly searchPath: string | undefined
}

export type GitOptions = {
  readonly signal: AbortSignal
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
}

const GLOBAL_OPTIONS = [
  '--no-pager',
  '--no-optional-locks',
  '--no-replace-objects',
  '--literal-pathspecs',
  ...['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'protocol.allow=never'].flatMap((one) => ['-c', one]),
]

const ENVIRONMENT = {
  LC_ALL: 'C',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  // Unlike protocol.allow, this also wins over what the repository allows for one protocol.
  GIT_ALLOW_PROTOCOL: 'none',
}

/** A command that has written nothing for so long is killed. */
const SILENCE_MS = 60_000

/** What is kept of a command's complaints, characters. */
const COMPLAINT_MAX = 2_000

/** Git ended with an error of its own. */
export class GitFailure extends Error {
  readonly exitCode: number | null

  constructor(command: string, exitCode: number | null, complaint: string) {
    super(`git ${command} ended with ${exitCode ?? 'a signal'}: ${complaint.trim()}`)
    this.name = 'GitFailure'
    this.exitCode = exitCode
  }
}

/** Starts git. `args` must hold no text from outside but after `--end-of-options` or as a judged object id. */
export function startGit(git: Git, args: readonly string[], options: Omit<GitOptions, 'signal'> = {}) {
  const path = git.searchPath === undefined ? {} : { PATH: git.searchPath }
  const env = { ...path, ...ENVIRONMENT, GIT_DIR: git.directory, ...options.environment }
  return spawn('git', [...GLOBAL_OPTIONS, ...args], { env, cwd: options.cwd ?? '/', stdio: 'pipe' })
}

/** Collects what a process complains about, and how it ended; `spawnError` when it did not start. */
export function watch(child: ChildProcessWithoutNullStreams) {
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(0, COMPLAINT_MAX)
  })
  // A process that is gone takes no input; its end tells the story.
  child.stdin.on('error', () => {})
  return new Promise<{ exitCode: number | null; complaint: string; spawnError: Error | null }>((resolve) => {
    child.once('error', (spawnError) => resolve({ exitCode: null, complaint, spawnError }))
    child.once('close', (exitCode) => resolve({ exitCode, complaint, spawnError: null }))
  })
}

/**
 * The NUL-separated records that a command writes. Rejects with the signal's reason, with FW_ORIGIN_UNAVAILABLE when git
 * cannot be run or is silent for too long, and with GitFailure when it ends with an error.
 */
export async function* gitRecords(git: Git, args: readonly string[], options: GitOptions): AsyncGenerator<Buffer> {
  options.signal.throwIfAborted()
  const child = startGit(git, args, options)
  const ended = watch(child)
  child.stdin.end()
  const kill = (): void => void child.kill('SIGKILL')
  let silent = false
  const timer = setTimeout(() => {
    silent = true
    kill()
  }, SILENCE_MS)
  options.signal.addEventListener('abort', kill, { once: true })
  try {
    yield* splitAtNul(child.stdout, timer)
    const { exitCode, complaint, spawnError } = await ended
    options.signal.throwIfAborted()
    if (spawnError !== null) throw cannotRun(spawnError)
    if (silent) throw unavailable(`git ${args[0]} wrote nothing for ${SILENCE_MS} ms in ${git.directory}`)
    if (exitCode !== 0) throw new GitFailure(args[0] ?? '', exitCode, complaint)
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', kill)
    kill()
  }
}

/** The timer runs only while git is waited for, never while the reader of the records is. */
async function* splitAtNul(stdout: AsyncIterable<Buffer>, timer: NodeJS.Timeout): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stdout) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
      yield bytes.subarray(start, end)
      start = end + 1
    }
    rest = bytes.subarray(start)
    timer.refresh()
  }
  if (rest.length > 0) yield rest
}

/** All that a command writes, as text without the line break at its end; rejects as `gitRecords` does. */
export async function gitText(git: Git, args: readonly string[], options: GitOptions): Promise<string> {
  const records: string[] = []
  for await (const record of gitRecords(git, args, options)) records.push(record.toString())
  return records.join('\0').replace(/\n$/, '')
}

export const cannotRun = (cause: Error) =>
  unavailable(`git cannot be run (${messageOf(cause)}): install git 2.38 or newer, and check the PATH`, cause)

/** Whether a text may name a commit: not an option, no path in a commit, no search through history, one line. */
export const isRef = (ref: string): boolean =>
  ref.length <= 256 && /^[^-\0-\x20\x7f:?*[\\][^\0-\x20\x7f:?*[\\]*$/.test(ref) && !ref.includes('{/')

/** Whether a text is an object's id: SHA-1 or SHA-256 in lower-case hex. */
export const isObjectId = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
