import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEngines } from '../../src/compose/engines.ts'
import { openReporting } from '../../src/compose/reporting.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { type LayerFile, openForewarm } from '../../src/library.ts'
import { messagesOn } from '../support/log-contents.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'forewarm-library-'))
  await writeFile(join(root, 'a.ts'), 'export {}\n')
})
afterAll(() => rm(root, { recursive: true }))

const version = '336ce12bb9106afdf843063ef35c0ad25a3ea3ae'

describe('the library', () => {
  it('reads through the embedded deployment, and publishes each read', async () => {
    const settings = { embedded: { file: join(root, 'forewarm.db') } }
    const forewarm = await openForewarm({ workspace: 'shop', origin: root, settings })
    const session = forewarm.reader.session({ analyzer: 'eslint', revision: 'r1' })
    for (let time = 0; time < 2; time += 1) {
      expect(new TextDecoder().decode((await session.read('a.ts')) ?? undefined)).toBe('export {}\n')
    }
    session.end()
    await forewarm.close()
    expect(forewarm.publisher.stats()).toMatchObject({ recorded: 2, published: 2 })
    const checked = settingsFrom({ file: { name: 'settings', text: JSON.stringify(settings) } })
    const engines = openEngines(checked, await openReporting(checked, 'test'))
    const events = await messagesOn(engines, 'access-events')
    await engines.close()
    expect(events.flatMap(({ accesses }) => accesses.map(({ path }) => path))).toEqual(['a.ts', 'a.ts'])
  })

  it('takes a function as the origin and layers of the fleet’s own', async () => {
    const upper = {
      name: 'upper',
      version: '1',
      produce: ({ bytes }: LayerFile) => new TextEncoder().encode(new TextDecoder().decode(bytes).toUpperCase()),
    }
    const files = new Map([['b.ts', 'let b\n']])
    const forewarm = await openForewarm({
      workspace: 'shop',
      origin: async (path) => (files.has(path) ? new TextEncoder().encode(files.get(path)) : null),
      settings: { embedded: { file: join(root, 'own.db') } },
      layers: [upper],
    })
    const session = forewarm.reader.session({ analyzer: 'own' })
    expect(new TextDecoder().decode((await session.read('b.ts', { layer: 'upper' })) ?? undefined)).toBe('LET B\n')
    expect(await session.read('none.ts')).toBeNull()
    await forewarm.close()
  })

  it('reads on when neither Kafka nor registry nor Redis is there, and closes when its time is over', async () => {
    const nobody = '127.0.0.1:1'
    const settings = {
      mode: 'distributed',
      kafka: { brokers: [nobody] },
      registry: { url: `http://${nobody}` },
      cache: { redis: { urls: [`redis://${nobody}`], commandTimeoutMs: 200 } },
    }
    const forewarm = await openForewarm({ workspace: 'shop', origin: root, settings })
    const session = forewarm.reader.session({ analyzer: 'eslint' })
    expect(await session.read('a.ts', { version })).not.toBeNull()
    expect(await session.read('a.ts', { version })).not.toBeNull()
    await forewarm.close(300)
    expect(forewarm.publisher.stats()).toMatchObject({ recorded: 2, published: 0, dropped: { closed: 2 } })
  })

  it('says what is wrong with the name of a workspace, whose reads would all be dropped', async () => {
    for (const workspace of ['', 'two\nlines', 'x'.repeat(257)]) {
      const opening = openForewarm({ workspace, origin: root, settings: {} })
      await expect(opening).rejects.toMatchObject({
        code: 'FW_REQUEST_INVALID',
        message: expect.stringContaining('name the one whose files'),
      })
    }
  })

  it('says what is wrong with settings', async () => {
    const settings = { kafka: { borkers: [] } }
    await expect(openForewarm({ workspace: 'shop', origin: root, settings })).rejects.toThrow(/brokers/)
  })
})
