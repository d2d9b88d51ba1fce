/** Whatever stands in a file, the parser answers; by lexing alone it tells the same of source without faults. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTypeScriptLanguage } from '../../../../src/adapters/languages/typescript/language.ts'

const language = createTypeScriptLanguage({ guarded: false })

const STATEMENTS = [
  ...[
    "import './a'",
    "import b, { c as d } from './b'",
    "import type E from './e'",
    "import { type F, type G as H } from './f'",
  ],
  ...["import * as i from './i'", "import { type as j } from './j'", "import k from './k.json' with { type: 'json' }"],
  ...[
    "export * from './l'",
    "export * as m from './m'",
    "export { n, type N } from './n'",
    "export type { O } from './o'",
  ],
  ...["export type P = { a: 'import \\'./no\\'' }", 'export interface Q<T extends string = "from"> { (a: T): void }'],
  ...[
    'const r1 = /[\'"`]import/',
    'const s1 = a / b / c, s2 = `\\` import "./no"`',
    'let t1 = x ? /re/ : y',
    '// import "./no"',
  ],
  ...[
    '/* import "./no" */',
    'function u<T>(this: T) { return import.meta.url }',
    'class V { #import = 1; import() {} static { this.from } }',
  ],
  ...[
    'const w = { import: 1, from: 2, export: 3 }; w.import; w.export',
    'enum X { import = 1 }',
    'namespace Y { export const z = 1 }',
  ],
  ...[
    'declare const d1: string',
    'abstract class Z<in out T> { constructor(private a: T) {} }',
    'if (a) { } else /b/.test(c)',
    'a++ / 2',
  ],
  ...['label: for (;;) break label', 'x = y as unknown as Z<A>', 'type L = typeof w.import', 'export default class {}'],
  ...[
    "export import a1 = require('./required')",
    "const b1 = await import('./dynamic')",
    "type C1 = import('./type').C1",
  ],
]
const program = fc
  .array(fc.tuple(fc.constantFrom(...STATEMENTS), fc.constantFrom('\n', ';\n', '\n\n/* a */\n', ' // b\n')), {
    maxLength: 12,
  })
  .map((parts) => parts.flat().join(''))

test('programs of all kinds of statements: lexing tells what parsing tells', () => {
  let compared = 0
  fc.assert(
    fc.property(program, (text) => {
      const { imports, faults } = language.parse('a.ts', Buffer.from(text))
      if (faults.length > 0) return
      compared += 1
      expect(language.imports('a.ts', Buffer.from(text)).imports).toEqual(imports)
      expect(imports.every(({ specifier }) => specifier !== './no')).toBe(true)
    }),
    { numRuns: 2_000 },
  )
  expect(compared).toBeGreaterThan(500)
})

const PIECES =
  'import export from type { } ( ) [ ] < > , ; : = => . ... \' " ` ${ / /* */ // \\ \n \0 \ufeff a 1 require declare module @ #'
const soup = fc.array(fc.constantFrom(...PIECES.split(' '), ' '), { maxLength: 60 }).map((parts) => parts.join(''))

test.each(['a.ts', 'a.tsx', 'a.js', 'a.d.ts', 'a.mjs'])('any pieces and any bytes in %s', (path) => {
  const check = (bytes: Uint8Array): void => {
    const parsed = language.parse(path, bytes)
    const lines = Buffer.from(bytes)
      .toString()
      .split(/\r\n|[\n\r\u2028\u2029]/).length
    for (const { line } of parsed.faults) expect(line >= 1 && line <= lines).toBe(true)
    for (const { fromLine, toLine } of parsed.symbols)
      expect(fromLine >= 1 && fromLine <= toLine && toLine <= lines).toBe(true)
    language.imports(path, bytes)
  }
  fc.assert(
    fc.property(soup, (text) => check(Buffer.from(text))),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), check), { numRuns: 200 })
})
