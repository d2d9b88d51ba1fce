import { describe, expect, test } from 'vitest'
import { createPythonLanguage } from '../../../../src/adapters/languages/python/language.ts'

const language = await createPythonLanguage()
const parsePython = (bytes: Uint8Array) => language.parse('a.py', bytes)
const parse = (text: string) => parsePython(new TextEncoder().encode(text))
const importsOf = (text: string) =>
  parse(text).imports.map(({ specifier, level, names, kind }) => {
    return `${kind} ${'.'.repeat(level)}${specifier}${names.length > 0 ? ` (${names.join(' ')})` : ''}`
  })
const symbolsOf = (text: string) =>
  parse(text).symbols.map(({ name, kind, fromLine, toLine, exported }) => {
    return `${exported ? '' : 'own '}${kind} ${name} ${fromLine}-${toLine}`
  })
const faultsOf = (text: string) => parse(text).faults.map(({ line, message }) => `${line}: ${message}`)

describe('imports of Python', () => {
  test.each([
    ['import a.b as c, d', ['static a.b', 'static d']],
    ['from a.b import c as d, e', ['static a.b (c e)']],
    ['from . import a', ['static . (a)']],
    ['from ...a.b import *', ['static ...a.b (*)']],
    ['from .... import a', ['static .... (a)']],
    ['from a import (\n  b, # why\n  c as d,\n)\nimport e', ['static a (b c)', 'static e']],
    ['from a \\\n  import b; import c', ['static a (b)', 'static c']],
    ['import a;import b;', ['static a', 'static b']],
    ['\ufeffimport a\r\nimport b\rimport c', ['static a', 'static b', 'static c']],
    ['lazy import a\nlazy from b import c\nlazy = 1', ['static a', 'static b (c)']],
    ['import größe, ﬁle', ['static größe', 'static file']],
    ['from.a import b\nfrom a import(b)', ['static .a (b)', 'static a (b)']],
  ])('%j', (text, expected) => {
    expect(importsOf(text)).toEqual(expected)
    expect(faultsOf(text)).toEqual([])
  })

  test.each([
    ['def f():\n  import a\n  class B:\n    import b\nimport c', ['dynamic a', 'dynamic b', 'static c']],
    ['async def f(): import a', ['dynamic a']],
    ['class A:\n\timport a\n\tdef f(self):\n\t\timport b', ['static a', 'dynamic b']],
    ['try:\n  import a\nexcept ImportError:\n  import b\nelse: import c\nfinally: import d\nimport e', 'abcd'],
    ['if x: import a\nelif y: import b\nelse:\n  import c\n  import d\nimport e', 'abcd'],
    [
      'while x:\n  import a\nfor y in z: import b\nmatch x:\n  case 1: import c\n  case {"a": b}:\n    import d\nimport e',
      'abcd',
    ],
  ])('stand under conditions: %j', (text, expected) => {
    const kinds = Array.isArray(expected) ? expected : [...expected].map((name) => `conditional ${name}`)
    expect(importsOf(text)).toEqual(Array.isArray(expected) ? expected : [...kinds, 'static e'])
    expect(faultsOf(text)).toEqual([])
  })

  test.each([
    ['if TYPE_CHECKING:\n  import a\nelse:\n  import b', ['type a', 'conditional b']],
    ['if typing.TYPE_CHECKING: import a', ['type a']],
    [
      'if not TYPE_CHECKING:\n  import a\nelif x:\n  import b\nelse:\n  import c',
      ['conditional a', 'type b', 'type c'],
    ],
    ['if TYPE_CHECKING or x:\n  import a', ['conditional a']],
    ['if TYPE_CHECKING:\n  def f():\n    import a', ['type a']],
  ])('stand for type checkers: %j', (text, expected) => {
    expect(importsOf(text)).toEqual(expected)
  })

  test.each([
    ['"""\nimport a\n"""'],
    ["x = 'import a\\\nimport b'"],
    ['# import a'],
    ['x = (1,\nimport_a)'],
    ['f"{x["import a"]}" f\'{{\' rf"\\{y!r:>{w}}" f"\\N{DASH}"'],
    ['f"""{\nx # }"\n}"""'],
    ['x.import_ = 1\nimports = 2\nmatch = 3\ncase = 4\nmatch(x)\nmatch[1:2]\ntype = 5\nprint(match, type)'],
    ['lambda: 1\nif (lambda x: x)(1): pass\nwhile lambda: 1: pass\nx: int\nif x := 1: pass'],
    ['b"\\"" rb\'\\\'\' Rb"" u"" "if"if"x"else"y"'],
    ['@d\nclass A[T: int](B, metaclass=C): ...\ntype X[T] = int'],
  ])('none in %j', (text) => {
    expect(importsOf(text)).toEqual([])
    expect(faultsOf(text)).toEqual([])
  })
})

describe('symbols of Python', () => {
  test('are what a file binds at its top level, with the lines that they take', () => {
    const text = [
      'A_B = 1',
      'x: int',
      'y, _z = (',
      '  1, 2)',
      'a = b = c.d',
      'c.e = f[1] = 3',
      'if x == 1:',
      '  def under(): pass',
      '@decorator',
      '@other(1)',
      'async def task():',
      '  inner = 1',
      '  def nested(): pass',
      '',
      '# a comment of nobody',
      'class Thing:',
      '  member = 1',
      '  def method(self):',
      '    return 1',
      'type Alias = int',
      'type = 3',
      'x += 1',
      'class Last: pass',
    ].join('\n')
    expect(symbolsOf(text)).toEqual([
      'constant A_B 1-1',
      'variable x 2-2',
      'variable y 3-4',
      'own variable _z 3-4',
      'variable a 5-5',
      'variable b 5-5',
      'function under 8-8',
      'function task 9-13',
      'class Thing 16-19',
      'type Alias 20-20',
      'variable type 21-21',
      'class Last 23-23',
    ])
  })

  test('are exported as __all__ says, where it is a plain list', () => {
    expect(symbolsOf('__all__ = ["_a", \'b\',]\n_a = 1\nc = 2')).toEqual([
      'own variable __all__ 1-1',
      'variable _a 2-2',
      'own variable c 3-3',
    ])
    expect(symbolsOf('__all__ = x.names\n_a = 1\nc = 2')).toContain('variable c 3-3')
  })
})

describe('faults of Python', () => {
  test.each([
    ['x = "a\nimport a', ["1: cannot be parsed: '\"'"], ['a']],
    ['import a\nx = """a\nimport b', ['2: cannot be parsed: \'"""\''], ['a', 'b']],
    ['x = f"{a\nimport b', ["1: cannot be parsed: 'x = f\"{a'"], ['b']],
    ['x = (1,\nimport a', ["1: cannot be parsed: 'x = (1,'"], ['a']],
    ['x = [1,\n  from_ + 1\nfrom a import b', ["1: cannot be parsed: 'x = [1,'"], ['a']],
    ['x = 1)\nimport a', ["1: cannot be parsed: 'x = 1)'"], ['a']],
    ['x = (1]\nimport a', ["1: cannot be parsed: 'x = (1]'"], ['a']],
    ['import\nimport a', ["1: cannot be parsed: 'import'"], ['a']],
    [
      'import a b\nfrom a import\nfrom import c',
      ["1: cannot be parsed: 'a'", "3: cannot be parsed: 'from import'"],
      ['b', 'a'],
    ],
    ['if x\n  import a', ["1: cannot be parsed: 'if x'"], ['a']],
    ['def f():\nimport a', [], ['a']],
    ['if x:\n    y\n  import a', [], ['a']],
    ['if x:\n\timport a\n        import b', [], ['a', 'b']],
    ['if x:\n\timport a\nif y:\n  import b\n\f\n\fimport c', [], ['a', 'b', 'c']],
    ['x = 1 $ 2\nimport a', ["1: cannot be parsed: '1 $'"], ['a']],
    ['def (x): pass', ["1: cannot be parsed: 'def (x):'"], []],
    ['x = \\ 1', ["1: cannot be parsed: '\\'"], []],
  ])('%j', (text, faults, imports) => {
    expect(faultsOf(text)).toEqual(faults)
    expect(parse(text).imports.map(({ specifier }) => specifier)).toEqual(imports)
  })

  test('bytes that are not UTF-8 are one, unless an encoding is declared', () => {
    const latin = Buffer.from('x = "\xe9"\nimport a', 'latin1')
    expect(parsePython(latin).faults.map(({ message }) => message)).toEqual(['not UTF-8, and no encoding is declared'])
    expect(parsePython(Buffer.concat([Buffer.from('# coding: latin-1\n'), latin])).faults).toEqual([])
    expect(parsePython(latin).imports).toHaveLength(1)
  })
})
