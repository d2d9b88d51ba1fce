import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createMemoryNotes } from '../../../src/adapters/memory/notes.ts'
import { createMemoryTelemetry } from '../../../src/adapters/memory/telemetry.ts'
import { openOrigins } from '../../../src/compose/origins.ts'
import { settingsFrom } from '../../../src/config/load.ts'
import { serveFiles } from '../../support/file-server.ts'
import { makeRepository, writeFiles } from '../../support/git-repository.ts'

const FILES = new Map([['src/a.ts', 'export const a = 1\n']])
const limits = { bytesMax: 1_000, signal: new AbortController().signal }
const stops: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

test('every kind of origin comes from the settings, guarded and under the name of its workspace', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'forewarm-origins-'))
  writeFiles(directory, FILES)
  const repository = makeRepository(FILES)
  const server = await serveFiles(FILES)
  const removed = { recursive: true, force: true }
  stops.push(() => rm(directory, removed), () => rm(repository, removed), server.stop) // biome-ignore format: one line
  const workspaces = {
    folder: { origin: { directory } },
    commit: { origin: { git: { repository, revision: 'main' } } },
    web: { origin: { http: { url: server.url, privateNetworks: ['127.0.0.0/8'] } } },
    // Nobody listens there: that it is asked is seen by how it fails.
    bucket: { origin: { s3: { bucket: 'files', endpoint: 'http://127.0.0.1:9', pathStyle: true } } },
  }
  const settings = settingsFrom({ file: { name: 'site.yaml', text: JSON.stringify({ workspaces }) } })
  const telemetry = createMemoryTelemetry()
  const { origins, close } = openOrigins(settings, { telemetry, notes: () => createMemoryNotes() })
  stops.push(close)
  for (const workspace of ['folder', 'commit', 'web']) {
    expect(await origins(workspace)?.read('src/a.ts', limits), workspace).toMatchObject({
      outcome: 'read',
      file: { version: '41715495f45f651e6cf7d38f58a3d512abcfa440' },
    })
    expect(telemetry.total('forewarm.origin.requests', { workspace, operation: 'read', outcome: 'read' })).toBe(1)
  }
  process.env['AWS_ACCESS_KEY_ID'] = 'nobody'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'nothing'
  await expect(origins('bucket')?.read('src/a.ts', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  expect(origins('another')).toBeNull()
})
