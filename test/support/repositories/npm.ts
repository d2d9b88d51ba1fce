import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../services/command.ts'
import { cached } from '../services/download-cache.ts'

const mend = 'install npm and tar, and let npm reach a package registry (or its mirror, by .npmrc)'

/** A release on npm, pinned by the digest of its archive. */
export type NpmRelease = { readonly name: string; readonly version: string; readonly integrity: string }

/** The folder of an unpacked release, fetched by npm the first time, outside the clone. Nothing of it is run. */
export function npmRelease({ name, version, integrity }: NpmRelease): Promise<string> {
  return cached(`npm-${name.replace('/', '-')}-${version}`, async (unfinished) => {
    const archives = join(unfinished, '.archives')
    await mkdir(archives)
    await runCommand('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', archives], { mend })
    const [archive = ''] = await readdir(archives)
    const digest = createHash('sha512')
      .update(await readFile(join(archives, archive)))
      .digest('base64')
    if (`sha512-${digest}` !== integrity) throw new Error(`${name}@${version} has the digest sha512-${digest}`)
    await runCommand('tar', ['xzf', join(archives, archive), '-C', archives], { mend })
    await rm(join(archives, archive))
    // Archives hold one folder, which most name `package`.
    const [top = ''] = await readdir(archives)
    for (const entry of await readdir(join(archives, top))) {
      await rename(join(archives, top, entry), join(unfinished, entry))
    }
    await rm(archives, { recursive: true })
  })
}
