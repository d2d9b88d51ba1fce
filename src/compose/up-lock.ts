/** Keeps a second `forewarm up` off the same file: its consumers are in one process. Says where the first one is. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { ForewarmError } from '../ports/errors.ts'

export type UpLock = {
  /** Notes where the gateway of this process listens. */
  announce(url: string | null): void
  release(): void
}

type Holder = { readonly pid: number; readonly url: string | null }

const lockOf = (file: string): string => `${file}.lock`

/** Takes the lock of an embedded file; that of a process that is gone is taken over. */
export function lockUp(file: string): UpLock {
  const lock = lockOf(file)
  const holder = findUp(file)
  if (holder !== null) {
    const where = holder.url === null ? '' : ` at ${holder.url}`
    const message = `forewarm up already works on ${file} (process ${holder.pid}${where}): stop it, or set embedded.file`
    throw new ForewarmError('FW_CONFIG_INVALID', message)
  }
  const note = (url: string | null) => JSON.stringify({ pid: process.pid, url })
  rmSync(lock, { force: true })
  // Of two that start at once only one creates it.
  writeFileSync(lock, note(null), { flag: 'wx' })
  return {
    announce: (url) => writeFileSync(lock, note(url)),
    release: () => rmSync(lock, { force: true }),
  }
}

/** The process that works on an embedded file now, or null. */
export function findUp(file: string): Holder | null {
  try {
    const holder: Holder = JSON.parse(readFileSync(lockOf(file), 'utf8'))
    return isAlive(holder.pid) && holder.pid !== process.pid ? holder : null
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
