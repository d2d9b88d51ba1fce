import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { cached } from './download-cache.ts'

const mend = 'run `apt-get update`, or install libfaketime'

/** Variables by which a process takes its clock to be off by so many seconds; null where Debian's libfaketime cannot be had. */
export async function clockOffBy(seconds: number): Promise<Readonly<Record<string, string>> | null> {
  try {
    const library = await findLibrary()
    return { LD_PRELOAD: library, FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
  } catch {
    return null
  }
}

async function findLibrary(): Promise<string> {
  const folder = await cached(`libfaketime-${process.arch}-deb`, async (unfinished) => {
    await runCommand('apt-get', ['download', 'libfaketime'], { cwd: unfinished, mend })
    for (const archive of await readdir(unfinished))
      await runCommand('dpkg', ['-x', archive, '.'], { cwd: unfinished, mend })
  })
  const files = await readdir(folder, { recursive: true })
  const library = join(folder, files.find((file) => file.endsWith('/libfaketime.so.1')) ?? 'libfaketime.so.1')
  if (!existsSync(library)) throw new Error(`${library} is not there`)
  return library
}
