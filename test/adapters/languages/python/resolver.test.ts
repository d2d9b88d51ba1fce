import { describe, expect, test } from 'vitest'
import { createPythonLanguage } from '../../../../src/adapters/languages/python/language.ts'
import { edgesOf } from '../tree.ts'

const language = await createPythonLanguage()
const edges = (texts: Record<string, string>) => edgesOf(language, texts)

describe('modules of Python', () => {
  test('packages, modules, members that are modules, stars, and members that are not', () => {
    const tree = { 'p/__init__.py': '', 'p/a.py': '', 'p/q/__init__.py': '', 'p/q/b.py': '' }
    expect(edges({ ...tree, 'main.py': 'import p.q.b, p\nfrom p import a, q, thing\nfrom p.q import *' })).toEqual({
      'main.py': ['p/q/b.py', 'p/__init__.py', 'p/a.py', 'p/q/__init__.py'],
    })
  })

  test('relative imports go by folders, with or without __init__', () => {
    const tree = { 'p/__init__.py': '', 'p/a.py': '', 'n/b.py': '', 'n/m/c.py': 'from ..b import x\nfrom ... import p' }
    expect(edges({ ...tree, 'p/q/__init__.py': 'from . import d\nfrom ..a import x\nfrom ..... import y' })).toEqual({
      'n/m/c.py': ['n/b.py', 'p/__init__.py'],
      'p/q/__init__.py': ['p/a.py'],
    })
  })

  test('a stub comes with the source that it describes', () => {
    const tree = { 'p/__init__.py': '', 'p/a.py': '', 'p/a.pyi': '', 'q-stubs/__init__.pyi': '', 'q/__init__.py': '' }
    expect(edges({ ...tree, 'main.py': 'import p.a\nimport q' })).toEqual({
      'main.py': ['p/a.pyi', 'p/a.py', 'q-stubs/__init__.pyi', 'q/__init__.py'],
    })
  })

  test('a file itself is no import of it', () => {
    expect(edges({ 'p/__init__.py': 'from . import thing\nfrom p import other' })).toEqual({})
  })

  test('modules of the interpreter are no files', () => {
    expect(edges({ 'sys.py': '', 'types.py': '', 'ast.py': '', 'main.py': 'import sys, types, ast' })).toEqual({
      'main.py': ['ast.py'],
    })
  })

  test('a package hides what comes later on the search path, a namespace package does not', () => {
    const tree = { 'p/__init__.py': '', 'src/p/__init__.py': '', 'src/p/a.py': '', 'n/x.txt': '', 'src/n/b.py': '' }
    expect(edges({ ...tree, 'main.py': 'import p.a\nimport n.b' })).toEqual({ 'main.py': ['src/n/b.py'] })
  })
})

describe('roots of Python', () => {
  test('src, also of a project below and for namespace packages', () => {
    const tree = {
      'src/p/__init__.py': '',
      'tests/test_p.py': 'import p\nimport g.cloud.x',
      'libs/one/pyproject.toml': '',
      'libs/one/src/g/cloud/x.py': '',
      'libs/two/source/r/__init__.py': '',
      'libs/two/tests/test_r.py': 'import r',
    }
    expect(edges(tree)).toEqual({
      'tests/test_p.py': ['src/p/__init__.py', 'libs/one/src/g/cloud/x.py'],
      'libs/two/tests/test_r.py': ['libs/two/source/r/__init__.py'],
    })
  })

  test('the folders around a script, the nearest first', () => {
    const tree = { 'helper.py': '', 'tools/conftest.py': '', 'tools/unit/other.py': '', 'tools/other.py': '' }
    expect(edges({ ...tree, 'tools/unit/run.py': 'import conftest, other, helper' })).toEqual({
      'tools/unit/run.py': ['tools/conftest.py', 'tools/unit/other.py', 'helper.py'],
    })
  })
})
