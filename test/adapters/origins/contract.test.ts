import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import { createGitOrigin } from '../../../src/adapters/origins/git/origin.ts'
import { createHttpOrigin } from '../../../src/adapters/origins/http/origin.ts'
import { describeOrigin } from '../../contract/origin.contract.ts'
import { serveFiles } from '../../support/file-server.ts'
import { makeRepository, mirrorOf, writeFiles } from '../../support/git-repository.ts'

const removing = (...folders: readonly string[]) =>
  Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))

describeOrigin('directory', async (files) => {
  const root = await mkdtemp(join(tmpdir(), 'forewarm-origin-'))
  writeFiles(root, files)
  const origin = createDirectoryOrigin(root)
  const stop = async () => {
    await origin.close()
    await removing(root)
  }
  return { origin, stop }
})

describeOrigin('git, a checkout', async (files) => {
  const repository = makeRepository(files)
  const origin = createGitOrigin({ repository, revision: 'HEAD', searchPath: process.env['PATH'], timeoutMs: 10_000 })
  const stop = async () => {
    await origin.close()
    await removing(repository)
  }
  return { origin, stop }
})

describeOrigin('git, a bare mirror', async (files) => {
  const checkout = makeRepository(files)
  const repository = mirrorOf(checkout)
  const origin = createGitOrigin({ repository, revision: 'main', searchPath: process.env['PATH'], timeoutMs: 10_000 })
  const stop = async () => {
    await origin.close()
    await removing(checkout, repository)
  }
  return { origin, stop }
})

describeOrigin('HTTP', async (files) => {
  const list = [...files.keys()].join('\n')
  const server = await serveFiles(new Map<string, Uint8Array | string>([...prefixed(files), ['list.txt', list]]))
  const origin = createHttpOrigin({
    url: `${server.url}base/folder`,
    hosts: [],
    list: `${server.url}list.txt`,
    privateNetworks: ['127.0.0.1/32'],
  })
  const stop = async () => {
    await origin.close()
    await server.stop()
  }
  return { origin, stop }
})

const prefixed = (files: ReadonlyMap<string, Uint8Array>) =>
  [...files].map(([path, content]) => [`base/folder/${path}`, content] as const)
