import { describe, expect, test } from 'vitest'
import { createGoLanguage } from '../../../../src/adapters/languages/go/language.ts'
import { edgesOf } from '../tree.ts'

const language = await createGoLanguage()
const edges = (texts: Record<string, string>) => edgesOf(language, texts)
const imports = (...paths: string[]) => `package x\n${paths.map((path) => `import "${path}"`).join('\n')}`

describe('packages of Go', () => {
  test('an import leads to the files of its folder, without tests and without other platforms', () => {
    const tree = {
      'go.mod': 'module m.example/a // why',
      'b/b.go': '',
      'b/c.go': '',
      'b/b_test.go': '',
      'b/b_windows.go': '',
    }
    expect(edges({ ...tree, 'main.go': imports('fmt', 'm.example/a/b', 'm.example/ab', 'm.example/a/none') })).toEqual({
      'main.go': ['b/b.go', 'b/c.go'],
    })
  })

  test('the package of the root, internal packages, and tests that import', () => {
    const tree = {
      'go.mod': 'module "m"',
      'm.go': '',
      'm_test.go': imports('m', 'm/internal/x'),
      'internal/x/x.go': '',
    }
    expect(edges({ ...tree, 'm_x_test.go': imports('m') })).toEqual({
      'm_test.go': ['m.go', 'internal/x/x.go'],
      'm_x_test.go': ['m.go'],
    })
  })

  test('a file outside of any module imports nothing', () => {
    expect(edges({ 'a.go': imports('m/b'), 'm/b/b.go': '' })).toEqual({})
  })
})

describe('modules of Go', () => {
  const two = {
    'a/go.mod': 'module x/a',
    'a/a.go': imports('x/b/p'),
    'b/go.mod': 'module x/b',
    'b/p/p.go': imports('x/a'),
  }

  test('do not see each other by lying in one tree', () => {
    expect(edges(two)).toEqual({})
  })

  test('see each other through go.work', () => {
    const work = 'go 1.24\n\nuse (\n\t./a\n\t./b // both\n)'
    expect(edges({ ...two, 'go.work': work })).toEqual({ 'a/a.go': ['b/p/p.go'], 'b/p/p.go': ['a/a.go'] })
    expect(edges({ ...two, 'go.work': 'use ./a' })).toEqual({})
  })

  test('see what they replace by a folder', () => {
    const replaced = 'module x/a\nreplace (\n\tx/b v1.0.0 => ../b\n\ty => z v1.0.0\n)'
    expect(edges({ ...two, 'a/go.mod': replaced })).toEqual({ 'a/a.go': ['b/p/p.go'] })
    expect(edges({ ...two, 'a/go.mod': 'module x/a\nreplace x/b => ../../outside' })).toEqual({})
  })

  test('own their folders alone, also below another module', () => {
    const nested = { 'go.mod': 'module x', 'main.go': imports('x/sub', 'x/sub/p', 'x/other'), 'other/o.go': '' }
    expect(edges({ ...nested, 'sub/go.mod': 'module x/sub', 'sub/s.go': '', 'sub/p/p.go': '' })).toEqual({
      'main.go': ['other/o.go'],
    })
  })
})
