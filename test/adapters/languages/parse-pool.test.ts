import { expect, onTestFinished, test } from 'vitest'
import { createParsePool } from '../../../src/adapters/languages/parse-pool.ts'
import { loadLanguageSets } from '../../../src/compose/languages.ts'

async function open() {
  const code = new URL('./dying-thread.ts', import.meta.url)
  const pool = createParsePool({ code, threadsMax: 2, languages: await loadLanguageSets() })
  onTestFinished(() => pool.close())
  return pool
}

const { signal } = new AbortController()
const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text) })
const many = Array.from({ length: 60 }, (_, at) => file(`${at}.ts`, `import './${at + 1}'`))

test('answers in the order of the files, whatever a few of them do to its threads', async () => {
  const pool = await open()
  const files = [...many.slice(0, 20), file('x.ts', 'END'), ...many.slice(20), file('y.ts', '<T>('.repeat(50))]
  const others = pool.imports(many, signal)
  const parsed = await pool.imports(files, signal)
  expect(parsed.length).toBe(62)
  expect(parsed.slice(0, 20).map(({ imports }) => imports[0]?.specifier)).toEqual(
    many.slice(0, 20).map((_, at) => `./${at + 1}`),
  )
  expect(parsed[20]?.faults).toEqual([{ line: 1, message: 'ends its parser' }])
  expect(parsed[60]?.imports[0]?.specifier).toBe('./60')
  expect(parsed[61]?.faults[0]?.message).toMatch(/not parsed within/)
  expect((await others).every(({ faults }) => faults.length === 0)).toBe(true)
})

test('parses few files at once, and tells of files of no known language', async () => {
  const pool = await open()
  expect(await pool.imports([file('a.ts', "import './b'"), file('a.txt', '')], signal)).toMatchObject([
    { imports: [{ specifier: './b' }] },
    { imports: [], faults: [{ message: 'is of no known language' }] },
  ])
  expect(await pool.parse(file('a.ts', 'export const a = 1'), signal)).toMatchObject({ symbols: [{ name: 'a' }] })
  expect(await pool.parse(file('a.txt', ''), signal)).toBeNull()
})

test('leaves a caller who does not want to wait any more', async () => {
  const pool = await open()
  const stopping = new AbortController()
  const waiting = pool.imports([...many, file('z.ts', '<T>('.repeat(50))], stopping.signal)
  stopping.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})
