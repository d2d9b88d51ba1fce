import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cycles } from '../../src/dependencies/cycles.ts'
import { closure, type ImportGraph, importGraph, restrictedTo, reversed } from '../../src/dependencies/import-graph.ts'
import { graphDot, graphJson } from '../../src/dependencies/render.ts'

const name = fc.constantFrom('a.ts', 'b.ts', 'c.ts', 'd.ts', 'e.ts', '__proto__', '1')
const graphs: fc.Arbitrary<ImportGraph> = fc
  .array(fc.tuple(name, fc.array(name, { maxLength: 4 })), { maxLength: 7 })
  .map((edges) => importGraph(edges))

const filesOf = (graph: ImportGraph): readonly string[] => [
  ...new Set([...graph.keys(), ...[...graph.values()].flat()]),
]

/** Lengths of shortest ways by relaxing every edge as often as there are files. */
function distances(graph: ImportGraph, from: string): ReadonlyMap<string, number> {
  const found = new Map([[from, 0]])
  for (const _ of filesOf(graph)) {
    for (const [file, imports] of graph) {
      const at = found.get(file)
      if (at === undefined) continue
      for (const imported of imports)
        found.set(imported, Math.min(found.get(imported) ?? Number.POSITIVE_INFINITY, at + 1))
    }
  }
  return found
}

const chain = (length: number): ImportGraph =>
  new Map(Array.from({ length }, (_, index) => [`f${index}`, index + 1 < length ? [`f${index + 1}`] : []]))

describe('the closure', () => {
  test('has exactly the files within the depth, each with its shortest way', () => {
    fc.assert(
      fc.property(graphs, fc.array(name, { maxLength: 3 }), fc.nat(6), (graph, roots, depth) => {
        const expected = new Map<string, number>()
        for (const root of roots) {
          for (const [file, at] of distances(graph, root)) {
            if (at <= depth) expected.set(file, Math.min(expected.get(file) ?? at, at))
          }
        }
        const found = closure(graph, roots, depth)
        expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()))
        const order = [...found.values()]
        expect(order).toEqual([...order].sort((one, other) => one - other))
      }),
    )
  })

  test('goes through a chain of 200,000 files, and stops at its depth', () => {
    const graph = chain(200_000)
    expect(closure(graph, ['f0'], Number.POSITIVE_INFINITY).get('f199999')).toBe(199_999)
    expect([...closure(graph, ['f0'], 2).keys()]).toEqual(['f0', 'f1', 'f2'])
  })

  test('keeps paths that the graph does not know', () => {
    expect(closure(new Map(), ['README.md'], 5)).toEqual(new Map([['README.md', 0]]))
  })
})

describe('the turned graph', () => {
  test('has every arrow once, the other way round', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const arrows = (some: ImportGraph) =>
          [...some].flatMap(([file, imports]) => imports.map((to) => `${file} ${to}`))
        const turned = arrows(reversed(graph)).map((arrow) => arrow.split(' ').reverse().join(' '))
        expect(turned.sort()).toEqual(arrows(graph).sort())
        expect([...reversed(graph).keys()].sort()).toEqual([...filesOf(graph)].sort())
      }),
    )
  })
})

describe('cycles', () => {
  test('are the groups of files that reach one another', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const files = [...filesOf(graph)].sort()
        const reach = new Map(files.map((file) => [file, new Set(distances(graph, file).keys())]))
        const groups = files.map((file) =>
          files.filter((other) => reach.get(file)?.has(other) && reach.get(other)?.has(file)),
        )
        const expected = groups.filter((group, index) => group.length > 1 && group[0] === files[index])
        expect(cycles(graph)).toEqual(expected)
      }),
    )
  })

  test('of 200,000 files do not overflow the stack', () => {
    const ring = new Map(chain(200_000)).set('f199999', ['f0'])
    expect(cycles(ring).map((group) => group.length)).toEqual([200_000])
    expect(cycles(chain(200_000))).toEqual([])
  })
})

describe('the graph as text', () => {
  test('JSON reads back as the same graph, sorted', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const text = graphJson(graph)
        const keys = [...text.matchAll(/^ {2}("[^"]+"): /gm)].map(([, key = '']) => JSON.parse(key))
        expect(keys).toEqual([...graph.keys()].sort())
        const read: Record<string, string[]> = JSON.parse(text)
        for (const file of graph.keys())
          expect(Object.entries(read).find(([key]) => key === file)?.[1]).toEqual(graph.get(file))
      }),
    )
  })

  test('DOT quotes what would end a name', () => {
    expect(graphDot(importGraph([['a"b\\c', ['d.ts']]]))).toContain('"a\\"b\\\\c" -> "d.ts";')
  })
})

test('a graph restricted to some files keeps only what is among them', () => {
  const graph = importGraph([
    ['a', ['b', 'c', 'a']],
    ['b', ['c']],
  ])
  expect(restrictedTo(graph, new Set(['a', 'c']))).toEqual(
    new Map([
      ['a', ['c']],
      ['c', []],
    ]),
  )
})
