/** What is named on the command line, as people and their tools write it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { wishFor } from '../../src/cli/runs/wishes.ts'

let folder = ''
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'forewarm-wishes-')))
  mkdirSync(join(folder, 'shop/src'), { recursive: true })
  writeFileSync(join(folder, 'shop/src/a.ts'), '')
  writeFileSync(join(folder, 'shop/src/b\\c.ts'), '')
  symlinkSync('shop', join(folder, 'link'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const wish = (...paths: readonly string[]) => {
  const given = { strategy: undefined, changedSince: undefined, timeoutMs: undefined, check: false, paths }
  return wishFor(given, join(folder, 'shop'))
}

const complaint = (path: string): unknown => {
  try {
    return wish(path)
  } catch (cause) {
    return cause
  }
}

test('a file is the same however its path is written: with `./`, `//`, whole, and over a link', () => {
  for (const path of ['src/a.ts', './src/a.ts', 'src//a.ts', './/src/././a.ts', join(folder, 'shop/src/a.ts')]) {
    expect(wish(path).paths, path).toEqual(['src/a.ts'])
  }
  const linked = wishFor(
    {
      strategy: undefined,
      changedSince: undefined,
      timeoutMs: undefined,
      check: false,
      paths: [join(folder, 'shop/src/a.ts')],
    },
    join(folder, 'link'),
  )
  expect(linked.paths).toEqual(['src/a.ts'])
  expect(wish('src/', './src', `${join(folder, 'shop/src')}/`).selectors.map(({ value }) => value)).toEqual([
    'src/**',
    'src/**',
    'src/**',
  ])
})

test('a list may come from Windows: with a mark at its start and its line ends', () => {
  writeFileSync(join(folder, 'list.txt'), '\uFEFFsrc/a.ts\r\n\r\nsrc/b.ts\r\n')
  expect(wish(`@${join(folder, 'list.txt')}`).paths).toEqual(['src/a.ts', 'src/b.ts'])
})

test.each([
  ['', 'names no file: `.` is the whole workspace'],
  [' ', 'names no file'],
  ['/etc/passwd', '"/etc/passwd" lies outside of'],
  ['../x', '"../x" has an empty, `.` or `..` segment'],
  ['src/b\\c.ts', 'is not a plain relative path'],
  ['x'.repeat(1_025), 'is longer than'],
  ['nul\0', 'holds a NUL'],
])('a path that is none is refused with what is wrong with it (%#)', (path, problem) => {
  expect(complaint(path)).toMatchObject({ code: 'FW_REQUEST_INVALID', message: expect.stringContaining(problem) })
})

test('a file named as the current folder has it is told by the name that it has in the workspace', () => {
  const before = process.cwd()
  process.chdir(join(folder, 'shop/src'))
  onTestFinished(() => process.chdir(before))
  expect(complaint('a.ts')).toMatchObject({ message: '"a.ts" is "src/a.ts" in the workspace: name it so' })
  // A list is of the workspace: what it names may be gone there.
  writeFileSync(join(folder, 'gone.txt'), 'a.ts\n')
  expect(wish(`@${join(folder, 'gone.txt')}`).paths).toEqual(['a.ts'])
  process.chdir(folder)
  writeFileSync(join(folder, 'beside.ts'), '')
  expect(wish('beside.ts').paths).toEqual(['beside.ts'])
})
