import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import { createGitOrigin } from '../../../src/adapters/origins/git/origin.ts'
import { describeOrigin } from '../../contract/origin.contract.ts'
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
