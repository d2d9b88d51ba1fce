import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { debianPackage, libraryPath } from './debian-package.ts'

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
  const isUsable = (folder: string): boolean => existsSync(libraryIn(folder))
  return libraryIn(await debianPackage({ name: 'libfaketime', withNeeds: false, isUsable, mend }))
}

const libraryIn = (folder: string): string =>
  join(libraryPath(folder).split(':')[0] ?? folder, 'faketime/libfaketime.so.1')
