import { beforeEach, expect, test, vi } from 'vitest'
import { depsCommand } from '../../src/cli/deps.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { makeFolder } from '../support/folder.ts'

const FILES = {
  'src/main.ts': "import './a.js'\nimport data from './data.json'\n",
  'src/a.ts': "export * from './b'\n",
  'src/b.ts': "import type { A } from './a'\n",
  'src/data.json': '{}',
  'src/broken.ts': "import './b'\nconst = {{{\n",
}

beforeEach(async () => {
  vi.stubEnv('XDG_CACHE_HOME', await makeFolder({}))
  return () => vi.unstubAllEnvs()
})

async function deps(folder: string, ...args: readonly string[]) {
  return depsUnder(new AbortController().signal, folder, ...args)
}

async function depsUnder(signal: AbortSignal, folder: string, ...args: readonly string[]) {
  const out: string[] = []
  const told: string[] = []
  const codes: number[] = []
  const command = depsCommand({
    settings: () => settingsFrom({}),
    write: (text) => void out.push(text),
    report: (text) => void told.push(text),
    exit: (code) => void codes.push(code),
    signal,
    atTerminal: true,
  })
  command.exitOverride().configureOutput({ writeErr: () => {} })
  await command.parseAsync(['--workspace', folder, ...args], { from: 'user' })
  return { out: out.join(''), told: told.join(''), code: codes[0] ?? 0 }
}

test('JSON is every source file with what it imports, relative to the folder', async () => {
  const { out, told } = await deps(await makeFolder(FILES), '--json')
  expect(JSON.parse(out)).toEqual({
    'src/a.ts': ['src/b.ts'],
    'src/b.ts': ['src/a.ts'],
    'src/broken.ts': ['src/b.ts'],
    'src/main.ts': ['src/a.ts', 'src/data.json'],
  })
  expect(told).toContain('1 file with faults in the source')
})

test('from paths on, so many imports deep', async () => {
  const folder = await makeFolder(FILES)
  const keys = async (...args: readonly string[]) =>
    Object.keys(JSON.parse((await deps(folder, '--json', ...args)).out))
  expect(await keys('src/main.ts', '--depth', '0')).toEqual(['src/main.ts'])
  expect(await keys('./src/main.ts', '--depth', '1')).toEqual(['src/a.ts', 'src/data.json', 'src/main.ts'])
  expect(await keys('src/main.ts')).toEqual(['src/a.ts', 'src/b.ts', 'src/data.json', 'src/main.ts'])
  expect(await keys('src/data.json', '--reverse', '--depth', '1')).toEqual(['src/data.json', 'src/main.ts'])
  expect((await keys('src/')).length).toBe(5)
})

test('as a tree that draws each file once', async () => {
  const { out } = await deps(await makeFolder(FILES), 'src/main.ts')
  expect(out).toBe('src/main.ts\n├─ src/a.ts\n│  └─ src/b.ts\n│     └─ src/a.ts …\n└─ src/data.json\n')
})

test('cycles as text, lists and DOT', async () => {
  const folder = await makeFolder(FILES)
  expect((await deps(folder, '--cycles')).out).toBe('2 files\n  src/a.ts\n  src/b.ts\n')
  expect(JSON.parse((await deps(folder, '--cycles', '--json')).out)).toEqual([['src/a.ts', 'src/b.ts']])
  expect((await deps(folder, '--cycles', '--dot')).out).toContain('"src/a.ts" -> "src/b.ts";')
})

test('a path that is not there, and a folder that is not there, end with what to do', async () => {
  const folder = await makeFolder(FILES)
  await expect(deps(folder, 'src/nothing.ts')).rejects.toThrow(/no file src\/nothing.ts: name a source file/)
  await expect(deps(`${folder}/nothing`)).rejects.toThrow(/there is no folder/)
  await expect(deps(folder, '--json', '--dot')).rejects.toThrow(/one of --json and --dot/)
})

test('a user who does not want to wait gets no half of a graph', async () => {
  const { out, told, code } = await depsUnder(AbortSignal.abort(new Error('SIGINT')), await makeFolder(FILES), '--json')
  expect({ out, told, code }).toEqual({
    out: '',
    told: 'forewarm: interrupted; what has been parsed is kept\n',
    code: 130,
  })
})
