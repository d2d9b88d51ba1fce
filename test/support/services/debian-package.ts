import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand, ServiceError } from './command.ts'
import { cached } from './download-cache.ts'
import { cacheRoot } from './locations.ts'

export type DebianPackage = {
  readonly name: string
  /** Whether the packages that it needs and this machine lacks are unpacked beside it. */
  readonly withNeeds: boolean
  /** Whether what was unpacked into a folder works here. */
  readonly isUsable: (folder: string) => boolean
  /** For messages: how else to get it. */
  readonly mend: string
}

/** The folder of a package of Debian that was downloaded and unpacked, once: no root, nothing installed. */
export async function debianPackage(wanted: DebianPackage): Promise<string> {
  const folder = (await earlierFolder(wanted)) ?? (await unpack(wanted))
  if (wanted.isUsable(folder)) return folder
  throw new ServiceError(`${folder} (Debian's ${wanted.name}) does not run here, or is too old`, wanted.mend)
}

/** Where shared libraries of unpacked packages lie, as LD_LIBRARY_PATH. */
export function libraryPath(folder: string): string {
  const triple = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  return ['usr/lib', 'lib'].map((parent) => join(folder, parent, triple)).join(':')
}

/** What an earlier run unpacked: asking apt for its plan again takes a second. */
async function earlierFolder({ name, isUsable }: DebianPackage): Promise<string | undefined> {
  const names = await readdir(cacheRoot()).catch(() => [])
  const folders = names.filter((each) => each.startsWith(`${name}-`) && each.endsWith('-deb')).sort()
  return folders.map((each) => join(cacheRoot(), each)).findLast(isUsable)
}

/** A simulated installation names the packages; apt lists of our own are fetched where there are none. */
async function unpack(wanted: DebianPackage): Promise<string> {
  const lists = await plan(wanted, []).then(
    () => [],
    () => privateAptLists(wanted.mend),
  )
  const packages = await plan(wanted, lists)
  const version = packages.find((each) => each.startsWith(`${wanted.name}=`))?.split('=')[1] ?? 'unknown'
  const key = `${wanted.name}-${version.replaceAll(/[^\w.+~-]/g, '_')}-${process.arch}-deb`
  return cached(key, (unfinished) => download({ packages, lists, folder: unfinished, mend: wanted.mend }))
}

async function plan({ name, withNeeds, mend }: DebianPackage, lists: readonly string[]): Promise<readonly string[]> {
  const args = [...lists, '-o', 'Debug::NoLocking=1', '-s', '--no-install-recommends', '--reinstall', 'install', name]
  const text = await runCommand('apt-get', args, { mend, env: { LC_ALL: 'C' } })
  const packages = [...text.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(
    ([, each, version]) => `${each}=${version}`,
  )
  const chosen = withNeeds ? packages : packages.filter((each) => each.startsWith(`${name}=`))
  if (chosen.length === 0) throw new ServiceError(`apt-get has no plan for ${name}`, mend)
  return chosen
}

type Download = {
  readonly packages: readonly string[]
  readonly lists: readonly string[]
  readonly folder: string
  readonly mend: string
}

async function download({ packages, lists, folder, mend }: Download): Promise<void> {
  try {
    await runCommand('apt-get', [...lists, 'download', ...packages], { cwd: folder, mend })
  } catch {
    // Lists that are older than the archive name versions that are gone: the newest will do.
    const names = packages.map((each) => each.replace(/=.*/, ''))
    await runCommand('apt-get', [...(await privateAptLists(mend)), 'download', ...names], { cwd: folder, mend })
  }
  for (const archive of (await readdir(folder)).filter((name) => name.endsWith('.deb'))) {
    await runCommand('dpkg', ['-x', archive, '.'], { cwd: folder, mend })
    await rm(join(folder, archive))
  }
}

let aptLists: Promise<readonly string[]> | undefined

/** `apt-get update` into a folder of our own, which needs no root; answers with the options that use it. */
function privateAptLists(mend: string): Promise<readonly string[]> {
  aptLists ??= cached(`apt-lists-${new Date().toISOString().slice(0, 10)}`, async (unfinished) => {
    await mkdir(join(unfinished, 'partial'))
    await runCommand('apt-get', [...listsOption(unfinished), 'update'], { mend })
  }).then(listsOption)
  return aptLists
}

function listsOption(folder: string): readonly string[] {
  return ['-o', `Dir::State::lists=${folder}`, '-o', 'APT::Sandbox::User=', '-o', 'Debug::NoLocking=1']
}
