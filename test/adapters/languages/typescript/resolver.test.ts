/** What the TypeScript compiler cannot be asked: answers to hostile trees. Its own answers: test/contract/languages. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTypeScriptLanguage } from '../../../../src/adapters/languages/typescript/language.ts'
import { edgesOf } from '../tree.ts'

const language = createTypeScriptLanguage()

test('imports lead to no file of node_modules and of no other tree', () => {
  const edges = edgesOf(language, {
    'src/a.ts':
      "import 'react'; import '../node_modules/react/index.js'; import '../../x'; import '/src/b'; import 'fs'",
    'src/b.ts': "import 'node:fs'; import 'https://example.com/src/a.ts'; import ''; import './a.ts?raw'",
    'x.ts': '',
    'node_modules/react/index.js': 'import "../../src/a"',
    'node_modules/react/package.json': '{ "name": "react", "workspaces": ["*"] }',
  })
  expect(edges).toEqual({ 'src/b.ts': ['src/a.ts'] })
})

test('configuration files that are broken, circular or hostile count as absent', () => {
  const deep = `${'{"extends":['.repeat(5_000)}`
  const edges = edgesOf(language, {
    'a/tsconfig.json': '{ "extends": "./tsconfig.b.json" }',
    'a/tsconfig.b.json': '{ "extends": "./tsconfig.json", "compilerOptions": { "paths": { "x": ["./x.ts"] } } }',
    'a/main.ts': "import 'x'",
    'a/x.ts': '',
    'b/tsconfig.json': deep,
    'b/package.json': '{ "exports": '.repeat(5_000),
    'b/main.ts': "import './x'; import '__proto__'; import '#constructor'",
    'b/x.ts': '',
    'c/tsconfig.json': '{ "compilerOptions": { "paths": [1], "baseUrl": 5, "rootDirs": "x", "customConditions": {} } }',
    'c/package.json':
      '{ "name": 7, "workspaces": { "packages": "x" }, "imports": { "#a": { "default": [[["./x.js"]]] } } }',
    'c/main.ts': "import '#a'; import './x'",
    'c/x.ts': '',
    'd/pnpm-workspace.yaml': 'packages: [*a',
    'd/package.json': '[]',
    'd/main.ts': "import '../c/x'",
  })
  expect(edges).toEqual({
    'a/main.ts': ['a/x.ts'],
    'b/main.ts': ['b/x.ts'],
    'c/main.ts': ['c/x.ts'],
    'd/main.ts': ['c/x.ts'],
  })
})

test('a pnpm workspace gives its members names', () => {
  const edges = edgesOf(language, {
    'pnpm-workspace.yaml': 'packages:\n  - "packages/**"\n  - "!**/fixtures/**"\n',
    'packages/a/package.json': '{ "name": "@x/a" }',
    'packages/a/index.ts': "import '@x/deep'; import '@x/fixture'",
    'packages/group/deep/package.json': '{ "name": "@x/deep", "main": "lib/main.js" }',
    'packages/group/deep/src/main.ts': '',
    'packages/a/fixtures/f/package.json': '{ "name": "@x/fixture" }',
    'packages/a/fixtures/f/index.ts': '',
  })
  expect(edges).toEqual({ 'packages/a/index.ts': ['packages/group/deep/src/main.ts'] })
})

test('any specifier in any place is answered with files of the tree, each once, without the file itself', () => {
  const files = new Set(['a.ts', 'b/index.ts', 'b/package.json', 'c.json', 'package.json', 'tsconfig.json'])
  const configurations = new Map([
    ['package.json', Buffer.from('{"name":"r","exports":{"./*":"./*"},"imports":{"#*":"./*"},"workspaces":["*"]}')],
    ['b/package.json', Buffer.from('{"name":"b","exports":{"*":"./*","./x/*":"../*"}}')],
    ['tsconfig.json', Buffer.from('{"compilerOptions":{"baseUrl":".","paths":{"*":["*","b/*"],"**":["a.ts"]}}}')],
  ])
  const resolver = language.resolver({ files, configurations })
  const piece = fc.constantFrom(
    '.',
    '..',
    '/',
    'a',
    'b',
    '*',
    '#',
    '@',
    '?',
    '.ts',
    '.js',
    'r',
    'constructor',
    '%2e',
    '\\',
    '\0',
  )
  const specifier = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(fc.constantFrom('a.ts', 'b/index.ts', 'not/there.ts'), fc.array(specifier), (from, specifiers) => {
      const imports = specifiers.map((one) => ({ specifier: one, kind: 'static' as const, level: 0, names: [] }))
      const found = resolver.resolve(from, imports)
      expect(found.every((path) => files.has(path) && path !== from)).toBe(true)
      expect(new Set(found).size).toBe(found.length)
    }),
  )
})
