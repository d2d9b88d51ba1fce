import { matchesGlob } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GLOB_LENGTH_MAX, isGlob, literalGlob, readGlob } from '../../src/warming/glob.ts'

function glob(pattern: string) {
  const read = readGlob(pattern)
  if ('problem' in read) throw new Error(`${pattern} ${read.problem}`)
  return read
}

const problemOf = (pattern: string): string => {
  const read = readGlob(pattern)
  return 'problem' in read ? read.problem : 'none'
}

describe('globs', () => {
  test.each([
    ['src/main.py', ['src/main.py'], ['src/main.pyc', 'main.py', 'src/main']],
    ['src/core/*.py', ['src/core/a.py', 'src/core/.py'], ['src/core/x/a.py', 'src/core/a.ts']],
    ['**/*.ts', ['a.ts', 'a/b/c.ts', '.hidden/a.ts'], ['a.tsx', 'a.ts/b']],
    ['src/**', ['src/a', 'src/a/b', 'src/.env'], ['src', 'srcs/a']],
    ['src/**/test/*.ts', ['src/test/a.ts', 'src/a/b/test/a.ts'], ['src/mytest/a.ts', 'src/test/a/b.ts']],
    ['./{src,lib/{a,b}}/?.js', ['src/x.js', 'lib/a/y.js'], ['lib/x.js', 'src/xy.js', 'lib/c/x.js']],
    ['{**/*.md,docs/**}', ['a/b.md', 'b.md', 'docs/x/y.png'], ['a/b.txt']],
    ['app/\\[slug\\]/page.tsx', ['app/[slug]/page.tsx'], ['app/s/page.tsx']],
    ['[a-c]?[!x-z].ts', ['bqa.ts', 'c1-.ts'], ['dqa.ts', 'bqy.ts', 'b/a.ts']],
    ['(group)/a+b.ts', ['(group)/a+b.ts'], ['group/ab.ts']],
    ['🌲*.md', ['🌲.md', '🌲s.md'], ['x.md']],
  ])('%s', (pattern, matching, others) => {
    const { matches } = glob(pattern)
    expect(matching.filter((path) => !matches(path))).toEqual([])
    expect(others.filter(matches)).toEqual([])
  })

  test.each([
    ['', 'empty'],
    ['/abs/*.ts', 'slash'],
    ['src/', '/**'],
    ['a//b', 'segment'],
    ['../up', 'segment'],
    ['!tests/**', 'only include'],
    ['src/**.ts', 'stands alone'],
    ['a**', 'stands alone'],
    ['[ab', '`[`'],
    ['{a,b', '`{`'],
    ['a\\', 'backslash'],
    ['*'.repeat(1) + '?*'.repeat(16), 'wildcards'],
    ['{{{{{a}}}}}', 'braces'],
    ['x'.repeat(GLOB_LENGTH_MAX + 1), 'longer'],
  ])('%j is refused with the reason', (pattern, reason) => {
    expect(problemOf(pattern)).toContain(reason)
  })

  test('agrees with node on ordinary patterns', () => {
    const segment = fc
      .array(fc.constantFrom('a', 'b', 'ab', '-'), { minLength: 1, maxLength: 3 })
      .map((all) => all.join(''))
    const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((all) => all.join('/'))
    const piece = fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!b]', '{a,b*}', '{ab,-}', '-')
    const patternSegment = fc
      .oneof(fc.constant(['**']), fc.array(piece, { minLength: 1, maxLength: 4 }))
      .map((all) => all.join('').replace(/\*+/g, (stars) => (stars.length > 2 ? '*' : stars)))
      .map((text) => (text === '**' ? text : text.replaceAll('**', '*')))
    const pattern = fc.array(patternSegment, { minLength: 1, maxLength: 4 }).map((all) => all.join('/'))
    fc.assert(
      fc.property(pattern, path, (pattern, path) => {
        // node lets `a/**` match `a` itself, which is no file below `a`.
        fc.pre(!(pattern.endsWith('/**') && matchesGlob(path, pattern.slice(0, -3))))
        expect({ pattern, path, matches: glob(pattern).matches(path) }).toEqual({
          pattern,
          path,
          matches: matchesGlob(path, pattern),
        })
      }),
      { numRuns: 3_000 },
    )
  })

  test('the work of a match is bounded by the lengths of path and pattern, however hostile they are', () => {
    const hostile = fc.array(fc.constantFrom('*', '?', '*a', '**/', '{a,', '}', '[a-z]', '{*,?}', 'a', '/', '\\'), {
      maxLength: 60,
    })
    const path = fc.array(fc.constantFrom('a', 'aa', 'b', '/', '*'), { maxLength: 400 }).map((all) => all.join(''))
    fc.assert(
      fc.property(hostile, path, (pieces, path) => {
        const read = readGlob(pieces.join(''))
        fc.pre(!('problem' in read))
        const { steps } = read.measured(path)
        expect(steps).toBeLessThanOrEqual(6 * (path.length + 1) * (read.pattern.length + 2))
      }),
      { numRuns: 3_000 },
    )
  })

  test('the patterns that stall others are no work', () => {
    const path = `${'a'.repeat(1_023)}c`
    for (const pattern of [`${'*a'.repeat(30)}*b`, `${'{a,*}'.repeat(30)}b`, `${'**/*a/'.repeat(14)}b`]) {
      const { matches, steps } = glob(pattern).measured(path)
      expect(matches).toBe(false)
      expect(steps).toBeLessThan(6 * path.length * pattern.length)
    }
  })

  test('any text is either read or refused, and an escaped path means exactly itself', () => {
    const segment = fc
      .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
      .filter((text) => !/[/\0]|^\.+$/.test(text))
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.string({ maxLength: 300 }), (segments, any) => {
        readGlob(any)
        const path = segments.join('/')
        const { matches } = glob(literalGlob(path))
        expect(matches(path)).toBe(true)
        expect(matches(`${path}x`)).toBe(false)
      }),
    )
  })

  test('only a text with a wildcard is a glob', () => {
    expect(['a*', 'a?', '{a}', '[a]'].every(isGlob)).toBe(true)
    expect(isGlob('src/main.ts')).toBe(false)
  })
})
