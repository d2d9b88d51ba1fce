/** Keeps a second `forewarm up` off the same file: its consumers are in one process. Says where the first one is. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { ForewarmError } from '../ports/errors.ts'

export type UpLock = {
  /** Notes where the gateway of this process listens. */
  announce(url: string | null): void
  release(): void
}

type Holder = {
  readonly pid: number
  /** What tells it from a later process with the same number; null where the machine does not say. */
  readonly begun: string | null
  readonly url: string | null
  /** Names of the workspaces that it can warm. */
  readonly workspaces: readonly string[]
}

const lockOf = (file: string): string => `${file}.lock`

/** Takes the lock of an embedded file for these workspaces; that of a process that is gone is taken over. */
export function lockUp(file: string, workspaces: readonly string[]): UpLock {
  const lock = lockOf(file)
  const own = `${lock}.${process.pid}`
  const write = (url: string | null) =>
    writeFileSync(own, JSON.stringify({ pid: process.pid, begun: begunOf(process.pid), url, workspaces }))
  write(null)
  try {
    take(file, own)
  } finally {
    rmSync(own, { force: true })
  }
  return {
    announce: (url) => {
      write(url)
      renameSync(own, lock)
    },
    release: () => rmSync(lock, { force: true }),
  }
}

/** Of two that start at once only one makes its note the lock; nobody ever sees half a note. */
function take(file: string, own: string): void {
  const lock = lockOf(file)
  for (;;) {
    refuseHolder(file)
    try {
      linkSync(own, lock)
      return
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    }
    // Left by a process that is gone, unless somebody was quicker to take it over meanwhile.
    if (findUp(file) === null) rmSync(lock, { force: true })
  }
}

function refuseHolder(file: string): void {
  const holder = findUp(file)
  if (holder === null) return
  const where = holder.url === null ? '' : ` at ${holder.url}`
  const message = `forewarm up already works on ${file} (process ${holder.pid}${where}): stop it, or set embedded.file`
  throw new ForewarmError('FW_CONFIG_INVALID', message)
}

/** The process that works on an embedded file now, or null. */
export function findUp(file: string): Holder | null {
  try {
    const holder: Holder = JSON.parse(readFileSync(lockOf(file), 'utf8'))
    return holder.pid !== process.pid && isAlive(holder.pid) && isSame(holder) ? holder : null
  } catch {
    return null
  }
}

/** After a restart of the machine, or a while, the number of a process that was killed is another's. */
function isSame({ pid, begun }: Holder): boolean {
  const now = begunOf(pid)
  return begun == null || now === null || begun === now
}

/** Start of the machine and, in ticks after it, of a process (proc(5), field 22 of stat). */
function begunOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0)
  } catch (cause) {
    // It lives, under another user.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}
