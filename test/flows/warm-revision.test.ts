import { rm } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { createGitOrigin } from '../../src/adapters/origins/git/origin.ts'
import { isTransient } from '../../src/flows/transient.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { commitAll, makeRepository, runGit, writeFiles } from '../support/git-repository.ts'
import { aCommand, aFile, createWorker } from '../support/warm-worker.ts'

const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

test('a command is carried out at its revision, and one without at the origin’s own', async () => {
  const repository = makeRepository(new Map([['src/a.ts', 'one']]))
  const first = runGit(repository, 'rev-parse', 'HEAD')
  const versionOne = runGit(repository, 'rev-parse', 'HEAD:src/a.ts')
  writeFiles(repository, new Map([['src/a.ts', 'two']]))
  commitAll(repository)
  const versionTwo = runGit(repository, 'rev-parse', 'HEAD:src/a.ts')
  const searchPath = process.env['PATH']
  const origin = createGitOrigin({ repository, revision: 'main', searchPath, timeoutMs: 10_000 })
  stops.push(() => origin.close(), () => rm(repository, { recursive: true, force: true })) // biome-ignore format: one line
  const worker = createWorker({ origin })
  const files = [aFile(), aFile({ path: 'src/none.ts' })]
  for (const [id, revision] of [
    ['c1', first],
    ['c2', null],
    ['c3', 'unknown'],
  ] as const) {
    await worker.handle([aCommand({ id, revision, files })])
  }
  const ends = (await worker.outcomes()).map((one) => one.files.map(({ outcome, version }) => [outcome, version]))
  expect(ends).toEqual([
    [
      ['warmed', versionOne],
      ['missing', null],
    ],
    [
      ['warmed', versionTwo],
      ['missing', null],
    ],
    [
      ['missing', null],
      ['missing', null],
    ],
  ])
})

test('an origin that is left alone comes back by itself, though trying again at once is of no use', () => {
  expect(isTransient(new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'left alone'))).toBe(true)
  expect(isTransient(new ForewarmError('FW_ORIGIN_UNLISTABLE', 'no list'))).toBe(false)
})
