import { LINE_START } from '../../src/cli/terminal.ts'

/** Tells whoever waits how far it is: at a terminal one line that is overwritten, else a line of its own now and then. */
export type Progress = {
  readonly tell: (text: string) => void
  /** Takes the line away: what comes next is a result. */
  readonly clear: () => void
}

export type ProgressOutput = { readonly isTTY?: boolean; readonly write: (text: string) => unknown }

/** Milliseconds from one text to the next. */
const TERMINAL_MS = 200
const PLAIN_MS = 15_000

/** `nowMs` reads a clock that only goes forward. */
export function createProgress(output: ProgressOutput, nowMs: () => number = () => performance.now()): Progress {
  const { start, end, everyMs } = output.isTTY
    ? { start: LINE_START, end: '', everyMs: TERMINAL_MS }
    : { start: '', end: '\n', everyMs: PLAIN_MS }
  // A terminal shows it from the beginning; a log has the results, and a line more only where they are long in coming.
  let toldMs = output.isTTY ? Number.NEGATIVE_INFINITY : nowMs()
  return {
    tell: (text) => {
      if (nowMs() - toldMs < everyMs) return
      toldMs = nowMs()
      output.write(start + text + end)
    },
    clear: () => void output.write(output.isTTY ? LINE_START : ''),
  }
}
