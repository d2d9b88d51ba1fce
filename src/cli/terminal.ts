/** How a command and whoever started it meet: where output goes, and how the two end each other. */
import { harmless } from './printable.ts'

/** The streams of a command and its exit. */
export type Terminal = {
  /** Results: standard output. */
  readonly write: (text: string) => void
  /** Progress, notes and failures: standard error. */
  readonly report: (text: string) => void
  /** Whether somebody looks at what is reported. */
  readonly atTerminal: boolean
  /** Sets the exit code of a command that ends in order but has something to tell by it. */
  readonly exit: (code: number) => void
  /** Ends with an exit code, whatever is still open: for processes, which have stopped in order by then. */
  readonly end: (code: number) => void
}

/** Overwrites the line of progress and clears what is left of the former one. */
export const LINE_START = '\r\u001b[2K'

/** A terminal to which nothing gets but text and, at the start of what is reported, the one sequence that we write. */
export const guarded = (terminal: Terminal): Terminal => ({
  ...terminal,
  write: (text) => terminal.write(harmless(text)),
  report: (text) => {
    const isProgress = text.startsWith(LINE_START)
    terminal.report(isProgress ? `${LINE_START}${harmless(text.slice(LINE_START.length))}` : harmless(text))
  },
})

export const ownTerminal: Terminal = guarded({
  write: (text) => void process.stdout.write(text),
  report: (text) => void process.stderr.write(text),
  atTerminal: process.stderr.isTTY === true,
  exit: (code) => {
    process.exitCode = code
  },
  end: (code) => process.exit(code),
})

/** Aborted by the first signal that asks to stop. */
export function interrupted(): AbortSignal {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)))
  return stopping.signal
}

/**
 * A reader of results that has seen enough (`| head`) closes the pipe: that ends the command, and is no failure of it.
 * Where nobody hears of progress any more (`2>&1 | head`) the command does its work all the same.
 */
export function endWithReader(): void {
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EPIPE') throw cause
    process.exit(0)
  })
  process.stderr.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EPIPE') throw cause
  })
}
