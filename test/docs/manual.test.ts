import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/manual.md'), 'utf8')
const library = join(root, 'src/library.ts')

type Snippet = { readonly heading: string; readonly code: string }

/** Each TypeScript block with the heading that it stands under. */
const runnable: Snippet[] = page.split(/^## /m).flatMap((section) =>
  [...section.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => ({
    heading: section.slice(0, section.indexOf('\n')),
    code,
  })),
)

let project: string

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'forewarm-manual-'))
  mkdirSync(join(project, 'src/core'), { recursive: true })
  mkdirSync(join(project, 'tests'))
  writeFileSync(join(project, 'src/main.py'), 'from core import models\n')
  writeFileSync(join(project, 'src/core/__init__.py'), '')
  writeFileSync(join(project, 'src/core/models.py'), 'from . import util\n')
  writeFileSync(join(project, 'src/core/util.py'), 'X = 1\n')
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: project })
  await git('init', '-q')
  await git('add', '.')
  await git('commit', '-qm', 'first')
  writeFileSync(join(project, 'tests/test_main.py'), 'from src import main\n')
  await git('add', '.')
  await git('commit', '-qm', 'second')
})

afterAll(() => rmSync(project, { recursive: true, force: true }))

/** Runs a program in a copy of the project, so that no example rests on what another one left. */
async function runIn(name: string, file: string, args: readonly string[] = []) {
  const folder = join(project, '..', `${project.split('/').at(-1)}-${name}`)
  cpSync(project, folder, { recursive: true })
  try {
    return await run(process.execPath, [file, ...args], { cwd: folder, timeout: 60_000 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the snippets of docs/manual.md', () => {
  it('are there', () => expect(runnable.length).toBeGreaterThanOrEqual(8))

  it.each(runnable.map(({ heading, code }, at) => [heading, at, code] as const))(
    '%s (%i) runs, and tells what it promises',
    async (heading, at, code) => {
      const file = join(project, `snippet-${at}.ts`)
      writeFileSync(file, code.replace("'forewarm'", JSON.stringify(library)))
      const { stdout, stderr } = await runIn(`snippet-${at}`, file)
      expect(stderr).not.toMatch(/error/i)
      const promised = PROMISED[heading]
      if (promised !== undefined) expect(stdout).toMatch(promised)
    },
  )
})

const PROMISED: Readonly<Record<string, RegExp>> = {
  'Setting it up': /^complete \d+ of \d+ values warmed$/m,
  'Warming what a read foretells': /^1 related file: complete$/m,
  Strategies: /^complete$/m,
  Memory: /batches of 100 files/,
  'Progress, before and after': /Cache warming progress: (\d+)\/\1 \(100\.0 %\)[\s\S]*Files warmed: [1-9]/,
  'At start-up, in the background': /^24 bytes$[\s\S]*^complete$/m,
  'In CI': /CI cache warming complete: [1-9]\d* files/,
  'Timing and leaks': /^cycle 5: \d+ values, \d+\.\d MiB$/m,
  Monitoring: /filesWarmedPerSession: [1-9]/,
}

describe('the examples', () => {
  it.each([
    ['start-up', ['.', 'src/main.py'], /start-up warming complete: [1-9]/],
    ['continuous-learning', ['.', '3'], /round 3: \d+ lines, hit rate so far [1-9]/],
    ['ci-pipeline', ['.', 'HEAD~1'], /CI cache warming complete: [1-9]/],
    ['monitoring', ['.'], /predictive accuracy/],
  ])('%s does what it says', async (name, args, told) => {
    const { stdout } = await runIn(name, join(root, 'examples/manual', `${name}.ts`), args)
    expect(stdout).toMatch(told)
  })
})

describe('the table of docs/manual.md', () => {
  const table = page.slice(page.indexOf('<!-- manual-features -->'), page.indexOf('<!-- /manual-features -->'))
  const rows = table.split('\n').filter((line) => /^\| (?!the manual|-)/.test(line))

  it('names for each feature a test that is there', () => {
    expect(rows.length).toBeGreaterThanOrEqual(35)
    const missing = rows.flatMap((row) => {
      const named = [...(row.split('|').at(-2) ?? '').matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file)
      return named.length === 0 ? [row] : named.filter((file) => !existsSync(join(root, file)))
    })
    expect(missing).toEqual([])
  })

  it('names only sources that are there', () => {
    const named = [...table.matchAll(/`((?:src|examples)\/[^`]+)`/g)].map(([, file = '']) => file)
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
