import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import {
  type FileVersion,
  fingerprint,
  fingerprintJson,
  mayBeImported,
  parseFingerprint,
  treeDigest,
} from '../../src/dependencies/fingerprint.ts'
import { closure, type ImportGraph, importGraph, reversed } from '../../src/dependencies/import-graph.ts'
import { contentVersionOf, incrementalVersion, parsePointer, pointerText } from '../../src/warming/incremental.ts'

const FILES = Array.from({ length: 12 }, (_, at) => `f${at}.ts`)
const edges = fc.array(fc.tuple(fc.constantFrom(...FILES), fc.constantFrom(...FILES)), { maxLength: 40 })

const graphOf = (pairs: readonly (readonly [string, string])[]): ImportGraph =>
  importGraph(FILES.map((file) => [file, pairs.filter(([from]) => from === file).map(([, to]) => to)]))

const printOf = (graph: ImportGraph, path: string, versions: ReadonlyMap<string, string>) => {
  const all = [...closure(graph, [path], Number.POSITIVE_INFINITY).keys()]
  const versioned = all.map((file): FileVersion => [file, versions.get(file) ?? ''])
  return fingerprint([path, versions.get(path) ?? ''], versioned, sha256Hex)
}

test('a change changes the digests of the file and of all that import it however far away, cycles or not, and no other', () => {
  fc.assert(
    fc.property(edges, fc.constantFrom(...FILES), (pairs, changed) => {
      const graph = graphOf(pairs)
      const before = new Map(FILES.map((file) => [file, `v-${file}`]))
      const after = new Map(before).set(changed, 'other')
      const differ = FILES.filter((file) => printOf(graph, file, before).digest !== printOf(graph, file, after).digest)
      const importers = closure(reversed(graph), [changed], Number.POSITIVE_INFINITY)
      expect(differ).toEqual(FILES.filter((file) => importers.has(file)))
    }),
  )
})

test('an import that is added or taken away changes the digest exactly when it changes the closure', () => {
  fc.assert(
    fc.property(edges, edges, fc.constantFrom(...FILES), (pairs, others, file) => {
      const versions = new Map(FILES.map((path) => [path, `v-${path}`]))
      const [one, other] = [graphOf(pairs), graphOf(others)].map((graph) => printOf(graph, file, versions))
      expect(one?.digest === other?.digest).toBe(JSON.stringify(one?.closure) === JSON.stringify(other?.closure))
    }),
  )
})

test('the value is the same text in whatever order the closure was walked, and reads back', () => {
  const file: FileVersion = ['a.ts', '1']
  const others: FileVersion[] = [['c.ts', '3'], ['__proto__', '2'], file]
  const print = fingerprint(file, others, sha256Hex)
  expect(fingerprint(file, [...others].reverse(), sha256Hex)).toEqual(print)
  expect(print.closure.map(([path]) => path)).toEqual(['__proto__', 'c.ts'])
  expect(parseFingerprint(fingerprintJson(print))).toEqual(print)
})

test.each(['', '[]', 'null', '{"path":"a"}', '{"path":"a","version":"1","digest":"d","closure":[["b"]]}', '{'])(
  'what is no fingerprint reads as none: %j',
  (text) => {
    expect(parseFingerprint(text)).toBeNull()
  },
)

test('the tree changes with what may be imported and with configuration, not with what tools leave behind', () => {
  const names = {
    isSource: (path: string) => path.endsWith('.ts'),
    isConfiguration: (path: string) => path === 'c.json',
  }
  const kept = [
    'a.ts',
    'style.css',
    '.storybook/main.ts',
    'c.json',
    '.cache/x',
    'node_modules/y/z.css',
    'a/.x/b',
  ].filter((path) => mayBeImported(path, names))
  expect(kept).toEqual(['a.ts', 'style.css', '.storybook/main.ts', 'c.json'])
  const tree = treeDigest(kept, [['c.json', '1']], sha256Hex)
  expect(treeDigest([...kept].reverse(), [['c.json', '1']], sha256Hex)).toBe(tree)
  expect(treeDigest(kept, [['c.json', '2']], sha256Hex)).not.toBe(tree)
  expect(treeDigest([...kept, 'b.ts'], [['c.json', '1']], sha256Hex)).not.toBe(tree)
})

test('versions of values and pointers give back what they were made of, also where a content version holds a plus', () => {
  const digest = sha256Hex('digest').slice(0, 32)
  const tree = sha256Hex('tree').slice(0, 32)
  for (const version of ['0'.repeat(40), '0'.repeat(64), 'W/"a+b"']) {
    const valueVersion = incrementalVersion({ version, digest })
    expect(valueVersion.length).toBeLessThanOrEqual(128)
    expect(contentVersionOf(valueVersion)).toBe(version)
    expect(parsePointer(pointerText(valueVersion, tree))).toEqual({ valueVersion, version, digest, tree })
    expect(contentVersionOf(version)).toBeNull()
  }
  expect(parsePointer('0'.repeat(40))).toBeNull()
})
