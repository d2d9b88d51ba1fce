import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMemoryNotes } from '../../../src/adapters/memory/notes.ts'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import { createGitOrigin } from '../../../src/adapters/origins/git/origin.ts'
import { createSystemClock } from '../../../src/adapters/system/clock.ts'
import { openGraphs } from '../../../src/compose/graph.ts'
import { closure } from '../../../src/dependencies/import-graph.ts'
import type { ImportGraphs } from '../../../src/flows/graph/graph.ts'
import { importsGroup } from '../../../src/flows/graph/kept-imports.ts'
import type { NoteStore } from '../../../src/ports/notes.ts'
import type { Origin } from '../../../src/ports/origin.ts'
import { awayError } from '../../support/away-error.ts'
import { makeFolder } from '../../support/folder.ts'
import { commitAll, makeRepository, runGit, writeFiles } from '../../support/git-repository.ts'

const workspace = 'acme/web'
const { signal } = new AbortController()

/** A process's graphs over notes that others share. */
async function open(notes: NoteStore): Promise<ImportGraphs> {
  const { graphs, close } = await openGraphs(notes, createSystemClock())
  onTestFinished(close)
  return graphs
}

/** The origin, with the paths that are read from it. */
function watched(origin: Origin): { readonly origin: Origin; readonly reads: string[] } {
  const reads: string[] = []
  const watch = (inner: Origin): Origin => ({
    ...inner,
    read: (path, limits) => {
      reads.push(path)
      return inner.read(path, limits)
    },
    at: (revision) => watch(inner.at(revision)),
  })
  onTestFinished(() => origin.close())
  return { origin: watch(origin), reads }
}

const edges = (graph: ReadonlyMap<string, readonly string[]>) => Object.fromEntries(graph)

describe('a repository at a commit', () => {
  const repository = (): string => {
    const folder = makeRepository(
      new Map([
        ['a.ts', "import './b'"],
        ['b.ts', "import './c'"],
        ['c.ts', ''],
      ]),
    )
    onTestFinished(() => rm(folder, { recursive: true }))
    return folder
  }
  const at = (folder: string, revision: string) =>
    watched(createGitOrigin({ repository: folder, revision, searchPath: process.env['PATH'], timeoutMs: 20_000 }))

  test('is parsed once for all processes; of another commit only what differs', async () => {
    const folder = repository()
    const first = runGit(folder, 'rev-parse', 'HEAD')
    const notes = createMemoryNotes()
    const one = at(folder, first)
    expect((await (await open(notes)).refresh({ workspace, signal, origin: one.origin })).counts.parsed).toBe(3)
    const other = at(folder, first)
    const graphs = await open(notes)
    const { graph, counts } = await graphs.refresh({ workspace, signal, origin: other.origin })
    expect(edges(graph)).toEqual({ 'a.ts': ['b.ts'], 'b.ts': ['c.ts'], 'c.ts': [] })
    expect(counts).toMatchObject({ parsed: 0, kept: 3 })
    expect(other.reads).toEqual([])

    writeFiles(
      folder,
      new Map([
        ['b.ts', "import './d'"],
        ['d.ts', ''],
      ]),
    )
    runGit(folder, 'rm', '--quiet', 'c.ts')
    const second = at(folder, commitAll(folder))
    const changed = await graphs.refresh({ workspace, signal, origin: second.origin })
    expect(edges(changed.graph)).toEqual({ 'a.ts': ['b.ts'], 'b.ts': ['d.ts'], 'd.ts': [] })
    expect(second.reads.toSorted()).toEqual(['b.ts', 'd.ts'])
    const back = at(folder, first)
    expect(edges((await graphs.refresh({ workspace, signal, origin: back.origin })).graph)).toEqual(edges(graph))
    expect(back.reads).toEqual([])
  })

  test('that is asked for by many at once is parsed once', async () => {
    const { origin, reads } = at(repository(), 'HEAD')
    const graphs = await open(createMemoryNotes())
    const all = await Promise.all([1, 2, 3].map(() => graphs.refresh({ workspace, signal, origin })))
    expect(all.map(({ counts }) => counts.parsed)).toEqual([3, 0, 0])
    expect(reads.length).toBe(3)
  })
})

describe('a folder', () => {
  test('whatever is edited, the graph is that of a process that has seen nothing before', async () => {
    const names = ['a.ts', 'b.ts', 'c/index.ts', 'd.json', 'tsconfig.json', 'package.json']
    const content = fc.constantFrom(
      ...["import './a'; import 'x'", "import './b'", "import './c'; import './d.json'", 'export {', '{}'],
      ...['{ "compilerOptions": { "paths": { "x": ["./c"] } } }', '{ "name": "x", "exports": "./b.ts" }'],
    )
    const edit = fc.tuple(fc.constantFrom(...names), fc.option(content))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 3 }), { minLength: 2, maxLength: 4 }), async (rounds) => {
        const folder = await makeFolder({ 'a.ts': "import './b'", 'c/index.ts': '' })
        const origin = createDirectoryOrigin(folder)
        const graphs = await open(createMemoryNotes())
        for (const edits of rounds) {
          for (const [path, text] of edits) {
            if (text === null) await rm(join(folder, path), { force: true })
            else await writeFile(join(folder, path), text)
          }
          const [paths, depth] = [names.slice(0, edits.length), edits.length]
          // Before the refresh, which is not to take what this has parsed for no change at all.
          const followed = await graphs.follow({ ...{ workspace, signal, origin }, paths, depth, timeMs: 60_000 })
          const fresh = await (await open(createMemoryNotes())).refresh({ workspace, signal, origin })
          const refreshed = await graphs.refresh({ workspace, signal, origin })
          expect(new Map([...followed.depths].sort())).toEqual(new Map([...closure(fresh.graph, paths, depth)].sort()))
          expect(followed.known).toBe(followed.asked)
          expect(edges(refreshed.graph)).toEqual(edges(fresh.graph))
          expect(refreshed.counts.faulty).toBe(fresh.counts.faulty)
        }
      }),
      { numRuns: 15 },
    )
  })

  test('files that cannot be read, are huge, binary or broken are counted and stop nothing', async () => {
    const folder = await makeFolder({
      'good.ts': "import './broken'; import './huge'; import './away'",
      'broken.ts': "import './good'\nconst = {",
      'binary.ts': new Uint8Array(100),
      'huge.ts': ' '.repeat(3 << 20),
      'away.ts': "import './good'",
      'hostile.ts': `import './good'\n${'<T>('.repeat(60)}`,
    })
    const inner = createDirectoryOrigin(folder)
    let isAway = true
    const origin: Origin = {
      ...inner,
      read: async (path, limits) => {
        if (isAway && path === 'away.ts') throw awayError('FW_ORIGIN_UNAVAILABLE')
        return inner.read(path, limits)
      },
    }
    const graphs = await open(createMemoryNotes())
    const { graph, counts } = await graphs.refresh({ workspace, signal, origin })
    expect(counts).toEqual({ parsed: 4, kept: 1, unreadable: 1, tooLarge: 1, faulty: 3 })
    expect(edges(graph)).toEqual({
      'away.ts': [],
      'binary.ts': [],
      'broken.ts': ['good.ts'],
      'good.ts': ['away.ts', 'broken.ts', 'huge.ts'],
      'hostile.ts': ['good.ts'],
      'huge.ts': [],
    })
    isAway = false
    const again = await graphs.refresh({ workspace, signal, origin })
    expect(again.counts).toMatchObject({ parsed: 1, unreadable: 0 })
    expect(again.graph.get('away.ts')).toEqual(['good.ts'])
  })

  test('notes that cannot be read are made again, those of files that are gone are removed', async () => {
    const folder = await makeFolder({ 'a.ts': "import './b'", 'b.ts': '' })
    const notes = createMemoryNotes()
    await notes.put(importsGroup(workspace), [
      { name: 'a.ts', value: Buffer.from('[1') },
      { name: 'gone.ts', value: Buffer.from('["v",null,"p",0,[],false]') },
    ])
    const origin = createDirectoryOrigin(folder)
    const { graph } = await (await open(notes)).refresh({ workspace, signal, origin })
    expect(edges(graph)).toEqual({ 'a.ts': ['b.ts'], 'b.ts': [] })
    const names: string[] = []
    for await (const chunk of notes.scan(importsGroup(workspace))) names.push(...chunk.map(([name]) => name))
    expect(names.toSorted()).toEqual(['a.ts', 'b.ts'])
  })

  test('following imports reads the files on the way and no others, and nothing the second time', async () => {
    const folder = await makeFolder({
      'a.ts': "import './b'; import './data.json'",
      'b.ts': "import './c'",
      'c.ts': "import './d'",
      'd.ts': '',
      'data.json': '{}',
      'other.ts': "import './a'",
    })
    const { origin, reads } = watched(createDirectoryOrigin(folder))
    const notes = createMemoryNotes()
    const wish = { ...{ workspace, origin, signal }, paths: ['a.ts'], depth: 2, timeMs: 60_000 }
    const { depths, asked, known } = await (await open(notes)).follow(wish)
    expect([...depths]).toEqual([
      ['a.ts', 0],
      ['b.ts', 1],
      ['data.json', 1],
      ['c.ts', 2],
    ])
    expect({ asked, known, reads }).toEqual({ asked: 2, known: 2, reads: ['a.ts', 'b.ts'] })
    const names: string[] = []
    for await (const chunk of notes.scan(importsGroup(workspace))) names.push(...chunk.map(([name]) => name))
    expect(names.toSorted()).toEqual(['a.ts', 'b.ts'])
  })

  test('when time is over what is known by then is followed, and told how much that is', async () => {
    const folder = await makeFolder({
      'a.ts': "import './b'; import './c'",
      'b.ts': "import './d'",
      'c.ts': '',
      'd.ts': '',
    })
    const inner = createDirectoryOrigin(folder)
    let hangs = false
    const origin: Origin = {
      ...inner,
      read: (path, limits) => (hangs && path !== 'a.ts' ? new Promise(() => {}) : inner.read(path, limits)),
      at: () => origin,
    }
    const graphs = await open(createMemoryNotes())
    const wish = { ...{ workspace, origin, signal }, paths: ['a.ts'], depth: 3 }
    hangs = true
    const cut = await graphs.follow({ ...wish, timeMs: 300 })
    expect([...cut.depths.keys()]).toEqual(['a.ts', 'b.ts', 'c.ts'])
    expect(cut).toMatchObject({ asked: 3, known: 1 })
    hangs = false
    const whole = await graphs.follow({ ...wish, timeMs: 60_000 })
    expect([...whole.depths.keys()]).toEqual(['a.ts', 'b.ts', 'c.ts', 'd.ts'])
    const none = await graphs.follow({ ...wish, timeMs: 0 })
    expect(none.depths.get('a.ts')).toBe(0)
  })

  test('a refresh that is cancelled ends with the reason, and keeps what it has parsed', async () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`${at}.ts`, "import './0'"]))
    const origin = createDirectoryOrigin(await makeFolder(files))
    const notes = createMemoryNotes()
    const stopping = new AbortController()
    const cancelled = (await open(notes)).refresh({
      ...{ workspace, origin, signal: stopping.signal },
      onProgress: (done) => {
        if (done >= 50) stopping.abort(new Error('enough'))
      },
    })
    await expect(cancelled).rejects.toThrow('enough')
    const { counts } = await (await open(notes)).refresh({ workspace, signal, origin })
    expect(counts.parsed).toBeLessThanOrEqual(350)
    expect(counts.parsed + counts.kept).toBe(400)
  })
})
