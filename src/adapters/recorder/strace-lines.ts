/** Reads the output of `strace -f -ttt -y`: which files a command and its children opened for reading, and when. */

export type OpenedFile = {
  /** Real, absolute path. */
  readonly path: string
  readonly timeMs: number
}

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/
/** The descriptor that the call gave, with the path that strace found behind it. */
const RESULT = /= \d+<([^>]*)>(?:\(deleted\))?$/
const UNFINISHED = /<unfinished \.\.\.>$/
const RESUMED = /^<\.\.\. open(?:at2?)? resumed>/
const CALL = /^open(?:at2?)?\(/

export class StraceLines {
  /** Calls that another thread's line interrupted, by process. */
  readonly #unfinished = new Map<string, { readonly timeMs: number; readonly isRead: boolean }>()
  #rootPid: number | null = null

  /** The command's own process; null before its first line. */
  get rootPid(): number | null {
    return this.#rootPid
  }

  /** The file that this line tells to have been opened for reading, or null. */
  parse(line: string): OpenedFile | null {
    const [, pid, time, call] = LINE.exec(line) ?? []
    if (pid === undefined || time === undefined || call === undefined) return null
    this.#rootPid ??= Number(pid)
    if (CALL.test(call)) return this.#begun(pid, Math.round(Number(time) * 1_000), call)
    return RESUMED.test(call) ? this.#resumed(pid, call) : null
  }

  #begun(pid: string, timeMs: number, call: string): OpenedFile | null {
    const isRead = opensForReading(call)
    if (!UNFINISHED.test(call)) return isRead ? opened(call, timeMs) : null
    this.#unfinished.set(pid, { timeMs, isRead })
    return null
  }

  #resumed(pid: string, call: string): OpenedFile | null {
    const begun = this.#unfinished.get(pid)
    this.#unfinished.delete(pid)
    return begun?.isRead === true ? opened(call, begun.timeMs) : null
  }
}

function opened(call: string, timeMs: number): OpenedFile | null {
  const [, path] = RESULT.exec(call) ?? []
  return path?.startsWith('/') === true ? { path: unescaped(path), timeMs } : null
}

/** By the call's flags alone; names are taken out first, since they may hold any text. */
function opensForReading(call: string): boolean {
  const flags = call.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/<[^>]*>/g, '')
  if (/\bO_(?:WRONLY|TRUNC|PATH|DIRECTORY)\b/.test(flags)) return false
  return /\bO_RDONLY\b/.test(flags) || (/\bO_RDWR\b/.test(flags) && !/\bO_CREAT\b/.test(flags))
}

const NAMED = new Map([
  ['n', 10],
  ['t', 9],
  ['r', 13],
  ['v', 11],
  ['f', 12],
])

/** Undoes strace's escapes: octal bytes, and a few by letter. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  const bytes: number[] = []
  for (const [, octal, char, plain] of text.matchAll(/\\([0-7]{1,3})|\\(.)|([^\\])/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else
      bytes.push(
        ...Buffer.from(char === undefined ? (plain ?? '') : String.fromCharCode(NAMED.get(char) ?? char.charCodeAt(0))),
      )
  }
  return Buffer.from(bytes).toString('utf8')
}
