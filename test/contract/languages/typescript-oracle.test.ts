/** Edges of TypeScript and JavaScript against the TypeScript compiler, on real repositories and on corner cases. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createMemoryNotes } from '../../../src/adapters/memory/notes.ts'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import { createSystemClock } from '../../../src/adapters/system/clock.ts'
import { openGraphs } from '../../../src/compose/graph.ts'
import type { ImportGraph } from '../../../src/dependencies/import-graph.ts'
import { TYPESCRIPT_REPOSITORIES, typeScriptRepository } from '../../support/repositories/typescript.ts'
import { compilerEdges, loadCompiler } from '../../support/repositories/typescript-oracle.ts'
import { CORNER_LINKS, CORNERS } from './typescript-corners.ts'

/** Edges that forewarm has and the compiler has not, by the reason; `only tsc` marks those the other way round. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  'files that are no source and no JSON have no types; they are read all the same when the importer is': [
    'ext/main.ts -> ext/j.css',
    'members/app/src/own.ts -> members/lib/styles.css',
  ],
  'Node and bundlers add .json to a name, the compiler does not': ['ext/main.ts -> ext/k.json'],
  'the compiler takes require() for an import in JavaScript alone': ['ways/main.ts -> ways/required.ts'],
  'require.resolve() is no import to the compiler': [
    'ways/main.ts -> ways/resolved.ts',
    'ways/script.js -> ways/resolved.ts',
  ],
  'the entry of a package is not built: its source stands for it': [
    'members/app/src/main.ts -> members/unbuilt/src/index.ts',
  ],
}

async function graphOf(folder: string): Promise<ImportGraph> {
  const { graphs, close } = await openGraphs(createMemoryNotes(), createSystemClock())
  const origin = createDirectoryOrigin(folder)
  try {
    const { signal } = new AbortController()
    return (await graphs.refresh({ workspace: 'oracle', origin, signal })).graph
  } finally {
    await close()
    await origin.close()
  }
}

/** Edges that only one of both has. */
async function differences(folder: string, graph: ImportGraph): Promise<readonly string[]> {
  const theirs = compilerEdges(await loadCompiler(), folder, [...graph.keys()])
  return [...graph].flatMap(([file, mine]) => {
    const others = theirs.get(file) ?? new Set()
    return [
      ...mine.filter((to) => !others.has(to)).map((to) => `${file} -> ${to}`),
      ...[...others].filter((to) => !mine.includes(to)).map((to) => `only tsc: ${file} -> ${to}`),
    ]
  })
}

describe('edges are those of the TypeScript compiler', () => {
  test.each(TYPESCRIPT_REPOSITORIES)('$name', async (repository) => {
    const folder = await realpath(await typeScriptRepository(repository))
    const graph = await graphOf(folder)
    expect(await differences(folder, graph)).toEqual([])
    expect([...graph.values()].flat().length).toBeGreaterThan(1_000)
  })

  const folders: string[] = []
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

  test('corner cases', async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'forewarm-corners-')))
    folders.push(folder)
    for (const [path, text] of Object.entries(CORNERS)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    for (const [name, member] of Object.entries(CORNER_LINKS)) {
      await mkdir(join(folder, 'node_modules', dirname(name)), { recursive: true })
      await symlink(join(folder, member), join(folder, 'node_modules', name))
    }
    const graph = await graphOf(folder)
    expect([...graph.values()].flat().length).toBeGreaterThan(70)
    const found = await differences(folder, graph)
    expect(found.toSorted()).toEqual(Object.values(DIFFERENCES).flat().toSorted())
  })
})
