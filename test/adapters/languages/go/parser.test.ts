import { describe, expect, test } from 'vitest'
import { createGoLanguage } from '../../../../src/adapters/languages/go/language.ts'

const language = await createGoLanguage()
const parse = (text: string, path = 'a.go') => language.parse(path, new TextEncoder().encode(text))
const importsOf = (text: string) => parse(text).imports.map(({ specifier }) => specifier)
const faultsOf = (text: string) => parse(text).faults.map(({ line, message }) => `${line}: ${message}`)

describe('imports of Go', () => {
  test.each([
    ['package a\nimport "fmt"\nimport b "x/y" // why\nimport . "z"; import _ `w`', ['fmt', 'x/y', 'z', 'w']],
    [
      '// Package a.\n/* more\n*/ package a\n\nimport (\n\t"a"\n\n\t// c\n\tb "b"; _ "c"\n)\nfunc f() {}',
      ['a', 'b', 'c'],
    ],
    ['package a; import ("a"; "b")', ['a', 'b']],
    ['\ufeffpackage a\r\nimport "a"\r\n', ['a']],
    ['package a\nvar x = `import "b"`\n// import "c"\nvar y = \'"\'', []],
    ['package a\nimport ()\n', []],
  ])('%j', (text, expected) => {
    expect(importsOf(text)).toEqual(expected)
    expect(faultsOf(text)).toEqual([])
  })
})

test('symbols of Go are its declarations, with the lines that they take', () => {
  const text = [
    'package a',
    'const One, two = 1,',
    '  2',
    'var (',
    '  x = map[string]int{',
    '    "a": 1, // }',
    '  }',
    '  Y, _ int',
    ')',
    'type T[P any] struct {',
    '  Field int',
    '}',
    'type ( A = int; b interface { M() } )',
    'func (t *T[P]) Method(x func() int) (int, error) {',
    '  return 1, `}`',
    '}',
    'func (T) other() {}',
    'func Free[P any](p P)',
    'func Größe() { if x := "{"; true { _ = \'{\' } }',
  ].join('\n')
  const found = parse(text).symbols.map(({ name, kind, fromLine, toLine, exported }) => {
    return `${exported ? '' : 'own '}${kind} ${name} ${fromLine}-${toLine}`
  })
  expect(found).toEqual([
    'constant One 2-3',
    'own constant two 2-3',
    'own variable x 5-7',
    'variable Y 8-8',
    'type T 10-12',
    'type A 13-13',
    'own type b 13-13',
    'function T.Method 14-16',
    'own function T.other 17-17',
    'function Free 18-18',
    'function Größe 19-19',
  ])
  expect(faultsOf(text)).toEqual([])
})

describe('faults of Go', () => {
  test.each([
    ['import "a"', ["1: expected 'package'"], ['a']],
    ['package a\nimport a b\nimport "b"', ["2: cannot be parsed: 'b'"], ['b']],
    ['package a\nvar x = "a\nimport "b"', ["3: cannot be parsed: 'import \"b'"], []],
    ['package a\nfunc f() {\n\tx(\n}\nimport "b"', ["3: cannot be parsed: '('"], ['b']],
    ['package a\nfunc f() {\nimport "b"', ["3: cannot be parsed: 'import'", "3: expected '}'"], []],
    ['package a\nx := 1\n}\nimport "b"', ["3: cannot be parsed: '}'"], ['b']],
    ['package a\n/* x', ["2: cannot be parsed: '/'"], []],
    ['package a\nvar x = 1 ? 2', ["2: cannot be parsed: '1 ?'"], []],
  ])('%j', (text, faults, imports) => {
    expect(faultsOf(text)).toEqual(faults)
    expect(importsOf(text)).toEqual(imports)
  })
})

describe('files that go list leaves out', () => {
  test.each([
    ['a_linux.go', false],
    ['a_windows.go', true],
    ['linux.go', false],
    ['windows.go', false],
    ['a_amd64.go', false],
    ['a_arm64.go', true],
    ['a_linux_amd64.go', false],
    ['a_darwin_amd64.go', true],
    ['a_windows_test.go', true],
    ['a_unix.go', false],
    ['dir_windows/a.go', false],
    ['_a.go', true],
    ['.a.go', true],
  ])('%s by its name: %s', (path, leftOut) => {
    expect(parse('package a', path).leftOut ?? false).toBe(leftOut)
  })

  test.each([
    ['//go:build ignore\n\npackage a', true],
    ['//go:build linux && !cgo', true],
    ['//go:build (darwin || linux) && amd64 && go1.21', false],
    ['//go:build !windows', false],
    ['//go:build unix // why', false],
    ['// +build windows\n\n', true],
    ['// +build windows linux,cgo\n// +build amd64\n\n', false],
    ['// +build windows', false],
    ['/* a */\n\n//go:build windows\n', true],
    ['// +build linux\n//go:build windows\n\n', true],
    ['// to build this\n', false],
  ])('%j by its text: %s', (head, leftOut) => {
    expect(parse(head.includes('package') ? head : `${head}\npackage a`).leftOut ?? false).toBe(leftOut)
  })

  test('a constraint after the package clause is a comment', () => {
    expect(parse('package a\n//go:build windows').leftOut).toBeUndefined()
  })
})
