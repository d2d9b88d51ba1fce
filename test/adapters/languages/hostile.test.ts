/** Whatever stands in a file, a parser answers, in time and with lines that exist. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGoLanguage } from '../../../src/adapters/languages/go/language.ts'
import { parseMsMax } from '../../../src/adapters/languages/options.ts'
import { createPythonLanguage } from '../../../src/adapters/languages/python/language.ts'
import { processorMs } from '../../support/processor-time.ts'

const PYTHON_PIECES =
  'import from a b . .. * ( ) [ ] { } , ; : = \\ \n \r\n \r \t # @ def class if elif else TYPE_CHECKING not match case ' +
  'try except type lazy async lambda __all__ \' " \'\'\' """ f" rf\' f""" t\' b" { {{ } !r :> \0 $ \ufeff é 1'
const GO_PIECES =
  'package import func type var const a b . * ( ) [ ] { } , ; = := \\ \n \r\n \t // /* */ " ` \' + - < //go:build ' +
  '&& || ! \0 # @ \ufeff é 1'
const languages = [
  { language: await createPythonLanguage(), path: 'a.py', pieces: PYTHON_PIECES.split(' '), good: 'import b\n' },
  { language: await createGoLanguage(), path: 'a.go', pieces: GO_PIECES.split(' '), good: 'package a\nimport "b"\n' },
]

/** Nested by each byte, ten times what tree-sitter's own stack holds. */
const MUCH_BYTES = 2 ** 17
/** For what is not the parser's own: reading its tree, collecting garbage. */
const SLACK_MS = 1_000

describe.each(languages)('$language.name', ({ language, path, pieces, good }) => {
  const soup = fc
    .array(fc.constantFrom(...pieces, ' ', '  ', '    '), { maxLength: 300 })
    .map((parts) => parts.join(''))

  const check = (bytes: Uint8Array): void => {
    const parsed = language.parse(path, bytes)
    const lines = bytes.reduce((count, byte) => count + (byte === 10 || byte === 13 ? 1 : 0), 1)
    for (const { line } of parsed.faults) expect(line >= 1 && line <= lines).toBe(true)
    for (const { fromLine, toLine } of parsed.symbols) {
      expect(fromLine >= 1 && fromLine <= toLine && toLine <= lines).toBe(true)
    }
  }

  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), check), { numRuns: 500 })
  })

  test('any pieces of the language', () => {
    fc.assert(
      fc.property(soup, (text) => check(Buffer.from(text))),
      { numRuns: 2_000 },
    )
  })

  test('any part of a buffer, from its own first byte', () => {
    const whole = Buffer.from(`"""${path}"""\nimport "x"\nimport y\n`)
    const part = new Uint8Array(whole.buffer, whole.byteOffset + 3, whole.byteLength - 3)
    expect(language.parse(path, part)).toEqual(language.parse(path, Uint8Array.from(part)))
  })

  test('what a resolver is asked is answered with files of the tree', () => {
    const files = new Set(['a.py', 'a/__init__.py', 'b/a.py', 'b.py', 'go.mod', 'a/a.go', 'b/b.go', 'a.go'])
    const configurations = new Map([['go.mod', Buffer.from('module a')]])
    const resolver = language.resolver({ files, configurations })
    const imports = fc.array(
      fc.record({
        specifier: fc.oneof(fc.string(), fc.constantFrom('a', 'a.b', 'a/b', '', '..', '__proto__')),
        kind: fc.constant('static' as const),
        level: fc.nat(5),
        names: fc.array(fc.oneof(fc.string(), fc.constantFrom('a', '*', 'constructor')), { maxLength: 3 }),
      }),
      { maxLength: 5 },
    )
    const from = fc.constantFrom('a.py', 'b/a.py', 'a/a.go', 'not/there.py')
    fc.assert(
      fc.property(from, imports, (file, list) => {
        const found = resolver.resolve(file, list)
        expect(found.every((each) => files.has(each) && each !== file)).toBe(true)
        expect(new Set(found).size).toBe(found.length)
      }),
    )
  })

  const heavy: readonly (readonly [string, string])[] = [
    ['brackets that open', '('],
    ['brackets that close', ')'],
    ['braces and brackets', '{['],
    ['formatted strings within each other', 'f"{'],
    ['formats within each other', 'f"{x:{'],
    ['headers in one line', 'if a: '],
    ['lambdas', 'lambda: '],
    ['deeper and deeper lines', '\n if a:\n  '],
    ['quotes', '\'"`'],
    ['triple quotes', '"""'],
    ['backslashes', '\\\n'],
    ['commas', 'a,'],
    ['dots', 'from .'],
    ['comments that open', '/*'],
    ['slashes', '/ '],
    ['imports', 'import ('],
    ['decorators', '@a\n'],
    ['matches', 'match a\n'],
    ['declarations', 'var ('],
    ['zeros', '\0'],
    ['negations', '//go:build !('],
    ['one line', 'a'],
    ['empty lines', '\n'],
    ['blanks', ' '],
  ]

  test.each(heavy)('much of %s, after which the next file is read as ever', (_name, piece) => {
    const bytes = Buffer.alloc(MUCH_BYTES, piece)
    expect(processorMs(() => check(bytes))).toBeLessThan(parseMsMax(MUCH_BYTES) + SLACK_MS)
    expect(language.parse(path, Buffer.from(good))).toMatchObject({ faults: [], imports: [{ specifier: 'b' }] })
  })

  test('lines that go deeper a column each', () => {
    const text = Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}if a:\n`).join('')
    check(Buffer.from(text))
  })

  test('nothing', () => {
    check(new Uint8Array())
    check(Buffer.from('\ufeff'))
  })
})
