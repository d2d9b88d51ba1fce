import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { isAlive } from './locations.ts'

const watched = new Map<number, string>()
let reaper: ChildProcess | undefined

/** Puts a child under watch: when this process ends in whatever way, the child is killed. `name` is for messages. */
export function watchChild(child: ChildProcess, name: string): void {
  const { pid } = child
  if (pid === undefined) return
  reaper ??= startReaper()
  watched.set(pid, name)
  tellReaper(`born ${pid}`)
  child.once('exit', () => {
    watched.delete(pid)
    tellReaper(`died ${pid}`)
  })
}

/** Children of this process that still live, as "name (pid)": empty after a run that stopped all that it started. */
export function liveChildren(): string[] {
  return [...watched].filter(([pid]) => isAlive(pid)).map(([pid, name]) => `${name} (pid ${pid})`)
}

function startReaper(): ChildProcess {
  const child = spawn('sh', [join(import.meta.dirname, 'reaper.sh')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  // A pipe to a detached helper must not keep the test process alive.
  if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  return child
}

function tellReaper(line: string): void {
  reaper?.stdin?.write(`${line}\n`)
}
