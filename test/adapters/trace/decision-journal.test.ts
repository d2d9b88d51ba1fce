import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { createDecisionJournal } from '../../../src/adapters/trace/decision-journal.ts'
import { readJournals } from '../../support/fleet/journals.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forewarm-journal-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

const failOn = (error: unknown): never => {
  throw error
}

const entry = { atMs: 1_700_000_000_000, workspace: 'shop', session: 's:1', probability: 0.5, reason: 'co-access' }

test('every decision that was noted is in the folder once the journal is closed, in its order', async () => {
  const journal = await createDecisionJournal(join(folder, 'a', 'b'), failOn)
  const entries = ['src/a.ts', 'src/"quoted", with commas.ts'].map((path) => ({ ...entry, path }))
  const byClock = { ...entry, session: null, path: 'src/c.ts' }
  for (const each of [...entries, byClock]) journal.note(each)
  await journal.close()
  expect(await readJournals(join(folder, 'a', 'b'))).toEqual([...entries, byClock])
})

test('a second journal in the same folder leaves the first one as it is', async () => {
  const first = await createDecisionJournal(folder, failOn)
  first.note({ ...entry, path: 'first' })
  await first.close()
  const second = await createDecisionJournal(folder, failOn)
  second.note({ ...entry, path: 'second' })
  await second.close()
  expect((await readJournals(folder)).map(({ path }) => path).toSorted()).toEqual(['first', 'second'])
})

test('a folder that cannot be made is a setting that is wrong, by its name', async () => {
  const file = join(folder, 'file')
  await writeFile(file, 'here')
  await expect(createDecisionJournal(join(file, 'below'), failOn)).rejects.toMatchObject({
    code: 'FW_CONFIG_INVALID',
    message: expect.stringContaining('predict.decisionsFolder'),
  })
  expect(await readFile(file, 'utf8')).toBe('here')
})

test('a journal in which nothing was noted leaves no file behind', async () => {
  const journal = await createDecisionJournal(folder, failOn)
  await journal.close()
  expect(await readJournals(folder)).toEqual([])
  expect(await readdir(folder)).toEqual([])
})
