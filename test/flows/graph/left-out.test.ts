import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createMemoryNotes } from '../../../src/adapters/memory/notes.ts'
import { createDirectoryOrigin } from '../../../src/adapters/origins/directory.ts'
import { createSystemClock } from '../../../src/adapters/system/clock.ts'
import { openGraphs } from '../../../src/compose/graph.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

test('no import leads to a Go file that its build constraint leaves out, parsed now or before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-left-out-'))
  ends.push(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'go.mod'), 'module m')
  await writeFile(join(folder, 'm.go'), 'package m')
  await writeFile(join(folder, 'gen.go'), '//go:build ignore\n\npackage main\nimport "m"')
  await writeFile(join(folder, 'm_test.go'), 'package m_test\nimport "m"')
  const notes = createMemoryNotes()
  const { graphs: first, close: closeFirst } = await openGraphs(createMemoryNotes(), createSystemClock())
  ends.push(closeFirst)
  const cold = { workspace: 'w', origin: createDirectoryOrigin(folder), signal: new AbortController().signal }
  const { depths: followed } = await first.follow({ ...cold, paths: ['gen.go'], depth: 1, timeMs: 60_000 })
  expect([...followed.keys()]).toEqual(['gen.go', 'm.go'])
  for (const parsed of [3, 0]) {
    const { graphs, close } = await openGraphs(notes, createSystemClock())
    const origin = createDirectoryOrigin(folder)
    ends.push(close, () => origin.close())
    const { graph, counts } = await graphs.refresh({ workspace: 'w', origin, signal: new AbortController().signal })
    expect(Object.fromEntries(graph)).toEqual({ 'gen.go': ['m.go'], 'm.go': [], 'm_test.go': ['m.go'] })
    expect(counts.parsed).toBe(parsed)
    const wish = { workspace: 'w', origin, signal: new AbortController().signal, timeMs: 60_000 }
    const { depths } = await graphs.follow({ ...wish, paths: ['m_test.go'], depth: 1 })
    expect([...depths.keys()]).toEqual(['m_test.go', 'm.go'])
  }
})
