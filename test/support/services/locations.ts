import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The clone's root folder. */
export const repositoryRoot = resolve(import.meta.dirname, '../../..')

/**
 * Where downloads are kept by name and version, outside the clone, so that a second clone fetches nothing.
 * `FOREWARM_SERVICES_CACHE` moves it, else it follows `XDG_CACHE_HOME`.
 */
export function cacheRoot(): string {
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return process.env['FOREWARM_SERVICES_CACHE'] ?? join(cacheHome, 'forewarm-services')
}

const runRoot = join(repositoryRoot, '.services', 'run')
let swept: Promise<void> | undefined

/** A fresh folder for one server's data. Its name bears our pid, so that a later run can clear what a killed one left. */
export async function makeRunFolder(name: string): Promise<string> {
  swept ??= sweepRunFolders()
  await swept
  return mkdtemp(join(runRoot, `${process.pid}-${name}-`))
}

async function sweepRunFolders(): Promise<void> {
  await mkdir(runRoot, { recursive: true })
  for (const folder of await readdir(runRoot)) {
    if (!isAlive(Number.parseInt(folder, 10))) await rm(join(runRoot, folder), { recursive: true, force: true })
  }
}

/** Whether a process with this id exists (a zombie counts as one until it is reaped). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
