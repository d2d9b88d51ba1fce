import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { progress } from './command.ts'
import { cacheRoot } from './locations.ts'

const inFlight = new Map<string, Promise<string>>()

/**
 * The cached folder `name` (a thing and its version), filled by `fill` the first time. Two runs may fill it at once:
 * each fills a folder of its own, the first rename wins and the other copy is dropped, so nobody sees half a download.
 */
export function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const pending = inFlight.get(name) ?? fetchOnce(name, fill)
  inFlight.set(name, pending)
  pending.catch(() => inFlight.delete(name))
  return pending
}

async function fetchOnce(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheRoot(), name)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}`
  await mkdir(dirname(folder), { recursive: true })
  await mkdir(unfinished)
  const startedMs = performance.now()
  progress(`fetching ${name} into ${cacheRoot()} (once)`)
  try {
    await fill(unfinished)
    await rename(unfinished, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  progress(`fetched ${name} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return folder
}
