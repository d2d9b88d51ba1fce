/** Builds forewarm's image, and one that holds a pod's namespaces, and writes both into the archive that is named. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildForewarmImage } from '../docker/forewarm-image.ts'
import { runCommand } from '../services/command.ts'
import { findPause } from './binaries.ts'
import { PAUSE_IMAGE } from './configs.ts'

const mend = 'see what it says'
const docker = (...args: readonly string[]): Promise<string> => runCommand('docker', args, { mend })

async function buildPauseImage(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-pause-'))
  try {
    await copyFile(await findPause(), join(folder, 'pause'))
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY pause /\nENTRYPOINT ["/pause"]\n')
    await docker('build', '--quiet', '--tag', PAUSE_IMAGE, folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [archive = ''] = process.argv.slice(2)
await buildPauseImage()
await docker('save', '--output', archive, await buildForewarmImage(), PAUSE_IMAGE)
