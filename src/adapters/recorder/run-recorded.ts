import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { ForewarmError } from '../../ports/errors.ts'
import { createLinePipe, type LinePipe } from './line-pipe.ts'
import { type OpenedFile, StraceLines } from './strace-lines.ts'

export type RecordMethod = 'strace' | 'node'

export type RecordedRun = {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Whether a terminal sends Ctrl-C to the command by itself. */
  readonly atTerminal: boolean
  /** Called for each file that was opened for reading, in order. */
  readonly onOpen: (file: OpenedFile) => Promise<void> | void
}

export type CommandEnd = {
  readonly code: number
  readonly signal: NodeJS.Signals | null
  /** Whether anything of the command was seen; the Node way sees only Node. */
  readonly observed: boolean
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
/** Every open of the command and its children; the BPF filter lets all other calls pass at full speed. */
const STRACE = ['-f', '--seccomp-bpf', '-qqq', '-ttt', '-y', '-I', 'never', '-e', 'signal=none']
const CALLS = ['-e', 'trace=execve,open,openat,openat2']

const NOT_FOUND = 127

/** Whether strace is here and may trace (containers often forbid it). */
export const canStrace = (): Promise<boolean> =>
  new Promise((resolve) => {
    execFile('strace', [...STRACE, ...CALLS, '-o', '/dev/null', '--', 'true'], (error) => resolve(error === null))
  })

/** Runs a command with its own input, output and signals, and tells which files it opens. */
export async function runRecorded(method: RecordMethod, run: RecordedRun): Promise<CommandEnd> {
  const pipe = await createLinePipe()
  try {
    return method === 'strace' ? await runWithStrace(pipe, run) : await runWithPreload(pipe, run)
  } finally {
    await pipe.remove()
  }
}

async function runWithStrace(pipe: LinePipe, run: RecordedRun): Promise<CommandEnd> {
  const parser = new StraceLines()
  const args = [...STRACE, ...CALLS, '-o', pipe.path, '--', run.command, ...run.args]
  const end = await runToEnd(
    pipe,
    { ...run, command: 'strace', args },
    {
      parse: (line) => parser.parse(line),
      pid: () => parser.rootPid,
    },
  )
  // Nothing was run: shells say 127 then.
  return parser.rootPid === null ? { ...end, code: NOT_FOUND, observed: false } : { ...end, observed: true }
}

/** Lines of the preload: time and path, as JSON; a first one without path says that a Node process began. */
async function runWithPreload(pipe: LinePipe, run: RecordedRun): Promise<CommandEnd> {
  let observed = false
  const preload = new URL(`./node-preload.mjs?pipe=${encodeURIComponent(pipe.path)}`, import.meta.url)
  const options = [run.environment['NODE_OPTIONS'], `--import=${preload.href}`].filter((option) => option)
  const environment = { ...run.environment, NODE_OPTIONS: options.join(' ') }
  const parse = (line: string): OpenedFile | null => {
    observed = true
    const note = /^\[(\d+),(".*")\]$/.exec(line)
    return note === null ? null : { timeMs: Number(note[1]), path: String(JSON.parse(note[2] ?? '""')) }
  }
  const end = await runToEnd(pipe, { ...run, environment }, { parse, pid: (child) => child })
  return { ...end, observed }
}

type Reading = {
  readonly parse: (line: string) => OpenedFile | null
  /** The process that signals are for; null while it is not known. */
  readonly pid: (child: number) => number | null
}

async function runToEnd(pipe: LinePipe, run: RecordedRun, reading: Reading): Promise<Omit<CommandEnd, 'observed'>> {
  const child = spawn(run.command, run.args, { stdio: 'inherit', env: { ...run.environment } })
  const closed = once(child, 'close')
  const forward = forwardSignals(run.atTerminal, () => (child.pid === undefined ? null : reading.pid(child.pid)))
  const ended = closed.finally(() => pipe.end())
  ended.catch(() => {})
  try {
    for await (const line of pipe.lines) {
      const file = reading.parse(line)
      forward.retry()
      if (file !== null) await run.onOpen(file)
    }
    const [code, signal]: [number | null, NodeJS.Signals | null] = [child.exitCode, child.signalCode]
    await ended
    return { code: code ?? 128 + constants.signals[signal ?? 'SIGTERM'], signal }
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause && String(cause.syscall).startsWith('spawn')) {
      throw new ForewarmError('FW_TOOL_MISSING', `'${run.command}' cannot be run: ${cause.message}`, { cause })
    }
    throw cause
  } finally {
    forward.release()
  }
}

/** Hands on the signals that this process gets; those that come before the command is known wait for it. */
function forwardSignals(atTerminal: boolean, pid: () => number | null): { retry(): void; release(): void } {
  const waiting: NodeJS.Signals[] = []
  const retry = () => {
    const target = waiting.length === 0 ? null : pid()
    if (target === null) return
    for (const signal of waiting.splice(0)) sendSignal(target, signal)
  }
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      // At a terminal Ctrl-C and Ctrl-\ reach the command without us; twice would mean "at once" to many programs.
      if (!atTerminal || (signal !== 'SIGINT' && signal !== 'SIGQUIT')) waiting.push(signal)
      retry()
    }
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  const release = () => {
    for (const remove of listeners) remove()
  }
  return { retry, release }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
