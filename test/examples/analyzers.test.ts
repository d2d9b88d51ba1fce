import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cliWorld, jsonLines } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { commitAll, runGit } from '../support/git-repository.ts'
import { type ForewarmProcess, spawnForewarm } from '../support/process.ts'
import { repositoryRoot } from '../support/services/locations.ts'

const WORKSPACE = 'acme/shop'
const world = cliWorld()
const configured = ['--config', 'forewarm.yaml']
let up: ForewarmProcess
let gateway = ''

/** Runs an example to its end. */
async function analyze(name: 'eslint' | 'typescript') {
  const entry = join(repositoryRoot, 'examples/analyzers', `${name}.ts`)
  const env = { FOREWARM_CONFIG: 'forewarm.yaml' }
  const child = spawnForewarm([WORKSPACE, 'shop'], { entry, cwd: world.folder, env })
  const { code } = await child.exit()
  return { code, stdout: child.stdout(), stderr: child.stderr() }
}

/** What forewarm has learned of each file's reads, by path. */
async function accesses(): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await world.run(...configured, 'model', 'dump', '--workspace', WORKSPACE, '--json')
  return Object.fromEntries(jsonLines(stdout).map(({ path, frequency }) => [String(path), frequency]))
}

type Status = { readonly learned: { readonly proof: { readonly warmHits: number } } | null }

const status = async (): Promise<Status> => {
  const answer = await fetch(`${gateway}/v1/workspaces/${encodeURIComponent(WORKSPACE)}/status`)
  return (await answer.json()) as Status
}

const learned = (files: Readonly<Record<string, number>>) =>
  eventually(accesses, (found) => Object.entries(files).every(([path, times]) => found[path] === times), {
    ...{ what: `a model with ${JSON.stringify(files)}`, withinMs: 60_000, everyMs: 500 },
  })

beforeAll(async () => {
  world.write({
    'eslint.config.js': "export default [{ ignores: ['old/**'] }, { rules: { 'no-unused-vars': 'error' } }]\n",
    'package.json': '{ "type": "module" }\n',
    'tool.js': 'const unused = 1\n',
    'old/tool.js': 'const unused = 1\n',
    'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "nodenext" }, "files": ["src/a.ts"] }\n',
    'src/a.ts': "import { b } from './b.js'\nexport const a: string = b\n",
    'src/b.ts': "export { c as b } from './c.js'\n",
    'src/c.ts': 'export const c = 1\n',
    'src/d.ts': "export const d: number = 'of no program'\n",
  })
  runGit(world.workspace, 'init', '-q')
  commitAll(world.workspace, 'first')
  world.writeBeside({
    'forewarm.yaml': `workspaces: { ${WORKSPACE}: { origin: { directory: shop } } }\nembedded: { file: forewarm.db }\n`,
  })
  up = world.start(...configured, 'up')
  gateway = JSON.parse(await up.line(/the gateway listens/)).url
})

afterAll(async () => {
  await up.kill('SIGTERM')
  rmSync(world.folder, { recursive: true, force: true })
})

describe('the analyzers of the examples', () => {
  it('lint by the rules of the checkout, and teach which files ESLint reads', async () => {
    const { code, stdout, stderr } = await analyze('eslint')
    expect(stdout, stderr).toMatch(/shop\/tool\.js\n.*'unused' is assigned a value but never used/)
    expect(stdout).toMatch(/2 files linted, 1 errors\n$/)
    expect(code).toBe(1)
    await learned({ 'tool.js': 1, 'eslint.config.js': 1 })
  })

  it('check types along the imports, and teach which files the compiler reads', async () => {
    const { code, stdout, stderr } = await analyze('typescript')
    expect(stdout, stderr).toContain("src/a.ts: TS2322: Type 'number' is not assignable to type 'string'.")
    expect(stdout).toMatch(/files read, 1 errors\n$/)
    expect(code).toBe(1)
    await learned({ 'tsconfig.json': 1, 'src/a.ts': 1, 'src/b.ts': 1, 'src/c.ts': 1 })
    expect(await accesses()).not.toHaveProperty('src/d.ts')
  })

  it('find in the cache what was warmed for them', async () => {
    world.write({ 'src/c.ts': "export const c = 'mended'\n", 'tool.js': 'export const used = 1\n' })
    commitAll(world.workspace, 'second')
    const warm = await world.run(...configured, 'warm', '--workspace', WORKSPACE, 'src/c.ts', 'tool.js')
    expect(warm).toMatchObject({ code: 0 })
    expect(await analyze('eslint')).toMatchObject({ code: 0 })
    expect(await analyze('typescript')).toMatchObject({ code: 0 })

    await eventually(status, ({ learned }) => (learned?.proof.warmHits ?? 0) >= 2, {
      ...{ what: 'two warm hits', withinMs: 60_000, everyMs: 500 },
    })
  })
})
