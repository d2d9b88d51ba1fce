import { spawnSync } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { cached } from './download-cache.ts'
import { privateAptLists } from './redis-binary.ts'

const mend = 'give the path of a promtool (Prometheus 2.40 or newer) as FOREWARM_TEST_PROMTOOL'

/** Path of promtool: FOREWARM_TEST_PROMTOOL, else that of the PATH, else of Debian's package prometheus, unpacked. */
export async function findPromtool(): Promise<string> {
  const named = process.env['FOREWARM_TEST_PROMTOOL']
  if (named) return named
  if (spawnSync('promtool', ['--version']).status === 0) return 'promtool'
  const folder = await cached(`promtool-${process.arch}-deb`, unpack)
  return join(folder, 'usr/bin/promtool')
}

async function unpack(folder: string): Promise<void> {
  const download = (options: readonly string[]) =>
    runCommand('apt-get', [...options, 'download', 'prometheus'], { cwd: folder, mend })
  await download([]).catch(async () => download(await privateAptLists()))
  const [archive = ''] = await readdir(folder)
  await runCommand('dpkg', ['-x', archive, '.'], { cwd: folder, mend })
}
