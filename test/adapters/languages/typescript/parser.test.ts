import { describe, expect, test } from 'vitest'
import { createTypeScriptLanguage } from '../../../../src/adapters/languages/typescript/language.ts'

const language = createTypeScriptLanguage()
const parse = (path: string, text: string) => language.parse(path, Buffer.from(text))
const kinds = (path: string, text: string) =>
  Object.fromEntries(parse(path, text).imports.map(({ specifier, kind }) => [specifier, kind]))

describe('imports', () => {
  test('are told with how they stand in the source', () => {
    const text = `
      import a from 'static'; import type { B } from 'type'; import { type C, type D } from 'inline-types'
      import { type E, f } from 'mixed'; export * from 'star'; export type { G } from 'exported-type'
      import h = require('equals'); const i = require('top'); type J = import('type-in-place').J
      if (i) require('in-if'); try { require('in-try') } catch {}
      const k = () => require('in-function'); import('dynamic'); declare module './augmented' {}`
    expect(kinds('a.ts', text)).toEqual({
      ...{ static: 'static', type: 'type', 'inline-types': 'type', mixed: 'static', star: 'static' },
      ...{ 'exported-type': 'type', equals: 'static', top: 'static', 'type-in-place': 'type', 'in-if': 'conditional' },
      ...{ 'in-try': 'conditional', 'in-function': 'dynamic', dynamic: 'dynamic', './augmented': 'type' },
    })
  })

  test('are none in strings, comments, templates and expressions', () => {
    const text = `// import 'a'
      /* require('b') */ const s = "import 'c'", t = \`require('d')\`, r = /require('e')/
      require(name); import('./' + name); foo.require('f'); import.meta.url`
    expect(parse('a.js', text).imports).toEqual([])
  })

  test('are the same by lexing alone where that is enough', () => {
    const texts = [
      `import a, { b as c } from './a'\nimport type D from "./d"\nimport { type E } from './e'\nexport { type F, g } from './f'`,
      `#!/usr/bin/env node\nimport './a'\nexport * as ns from './\\u0062'\nexport type { C } from './c'`,
      `import { type } from './a'\nimport { type as b } from './b'\nimport type from './c'\nimport data from './d.json' with { type: 'json' }`,
      `export const re = /['"\`]/, s = \`\${'import "x"'}\`\nimport {} from './late'`,
      `declare const x: string\nenum E { A }\nexport abstract class C<T> { constructor(private y: T) {} }\nimport './z'`,
    ]
    for (const text of texts) {
      const { imports, faults } = parse('a.ts', text)
      expect(imports.length).toBeGreaterThan(0)
      expect(language.imports('a.ts', Buffer.from(text))).toEqual({ imports, faults })
    }
  })

  test('of broken source are told as far as they can be seen, with the fault and its line', () => {
    const { imports, faults, symbols } = parse('a.ts', `import './a'\nconst x = {{{\nrequire("./b")\nimport('./c')`)
    expect(imports.map(({ specifier, kind }) => [specifier, kind])).toEqual([
      ['./a', 'static'],
      ['./b', 'static'],
      ['./c', 'dynamic'],
    ])
    expect(faults).toMatchObject([{ line: 2 }])
    expect(symbols).toEqual([])
  })

  test('of JavaScript with types of Flow, JSX, decorators and a shebang are found', () => {
    expect(kinds('a.js', `// @flow\nimport typeof T from './t'\nconst f = (x: ?number): string => ''`)).toEqual({
      './t': 'type',
    })
    expect(kinds('a.js', `#!/usr/bin/node\nconst x = <p>Don't {require('./x')}</p>; return 1`)).toEqual({
      './x': 'static',
    })
    expect(kinds('a.ts', `@dec() export class A { @field accessor x = 1 }\nimport './y'`)).toEqual({ './y': 'static' })
  })
})

describe('symbols', () => {
  test('are the names of the top level with kind, lines and whether they are exported', () => {
    const text = `export function a() {
      function inner() {}
    }
    class B {}
    const c = () => {}, { d, e: [f = 1], ...g } = {}
    export let h: string
    interface I {}
    export type J = {
      x: 1
    }
    enum K { A }
    export { B as Renamed }
    export default class {}
    declare module 'other' {}`
    const rows = parse('a.ts', text).symbols.map(({ name, kind, fromLine, toLine, exported }) => {
      return `${name} ${kind} ${fromLine}-${toLine}${exported ? ' exported' : ''}`
    })
    expect(rows).toEqual([
      'a function 1-3 exported',
      'B class 4-4 exported',
      'c function 5-5',
      'd constant 5-5',
      'f constant 5-5',
      'g constant 5-5',
      'h variable 6-6 exported',
      'I type 7-7',
      'J type 8-10 exported',
      'K type 11-11',
      'default class 13-13 exported',
    ])
  })
})

test('what is no text, or text of another encoding, is no surprise', () => {
  const video = new Uint8Array(1_000).fill(0x47)
  video[3] = 0
  expect(language.imports('video.ts', video)).toEqual({ imports: [], faults: [{ line: 1, message: 'is no text' }] })
  const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("import './a'", 'utf16le')])
  expect(language.imports('wide.ts', wide).imports).toMatchObject([{ specifier: './a' }])
  expect(language.imports('marked.ts', Buffer.from("\ufeffimport './a'")).imports).toMatchObject([{ specifier: './a' }])
})

test('source that a parser goes back and forth over for ever ends in time, as does source that is nested too deeply', () => {
  const hostile = `import './a'\n${'<T>('.repeat(40)}`
  expect(language.imports('a.ts', Buffer.from(hostile))).toMatchObject({
    imports: [{ specifier: './a' }],
    faults: [{ message: expect.stringMatching(/not parsed within \d+ ms/) }],
  })
  for (const piece of ['(', '{', '`${', '!', 'a=>', '<a>']) {
    const { imports } = language.parse('a.tsx', Buffer.from(`import './a'\n${piece.repeat(50_000)}`))
    expect(imports).toMatchObject([{ specifier: './a' }])
  }
})
