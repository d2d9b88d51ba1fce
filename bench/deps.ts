/** Files a second of `forewarm deps`, cold and warm, beside tools that tell the same of one language. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { GO_REPOSITORIES } from '../test/support/repositories/go.ts'
import { GO_LIST_ENVIRONMENT, goRepository } from '../test/support/repositories/go-proxy.ts'
import { ruffCommand } from '../test/support/repositories/pypi.ts'
import { type PythonRepository, pythonRepository } from '../test/support/repositories/python.ts'
import { repositoryRoot } from '../test/support/services/locations.ts'
import type { Aim, Bench, Comparison, Round } from './report.ts'

/** A tree of one language's files, and the tool that is measured beside. */
type Case = {
  readonly name: string
  readonly folder: string
  readonly files: number
  readonly reference: string
  readonly command: readonly [command: string, ...args: string[]]
  readonly environment?: Readonly<Record<string, string>>
  readonly aims: { readonly cold: readonly Aim[]; readonly warm: readonly Aim[] }
}

const NO_AIMS = { cold: [], warm: [] }
const RUFF_AIMS = {
  cold: [{ of: 'ratio', at: 'least', bound: 1 / 3 }],
  warm: [{ of: 'ratio', at: 'least', bound: 1 }],
} as const

export const measureDeps: Bench = async ({ seconds, rounds, progress }) => {
  const work = await mkdtemp(join(tmpdir(), 'forewarm-bench-deps-'))
  try {
    const entry = await build(join(work, 'forewarm'))
    const comparisons: Comparison[] = []
    for (const each of await casesOf(work, seconds < 1)) {
      progress(`${each.name}: ${each.files} files`)
      comparisons.push(...(await measureCase(each, { entry, work, rounds })))
    }
    return comparisons
  } finally {
    await rm(work, { recursive: true })
  }
}

/** The command as it is installed: from sources, Node would take types away at each start. */
async function build(folder: string): Promise<string> {
  const tsc = join(repositoryRoot, 'node_modules/.bin/tsc')
  await run([tsc, '-p', 'src/tsconfig.build.json', '--outDir', folder], { cwd: repositoryRoot })
  const isAsset = (path: string): boolean => !path.endsWith('.ts')
  await cp(join(repositoryRoot, 'src'), join(folder, 'src'), { recursive: true, filter: isAsset })
  await cp(join(repositoryRoot, 'schemas'), join(folder, 'schemas'), { recursive: true })
  await cp(join(repositoryRoot, 'package.json'), join(folder, 'package.json'))
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'src/cli/forewarm.js')
}

async function casesOf(work: string, isSmoke: boolean): Promise<readonly Case[]> {
  const python: readonly PythonRepository[] = isSmoke ? ['flask'] : ['django', 'pandas']
  const go = GO_REPOSITORIES.filter(({ name }) => name === (isSmoke ? 'cobra' : 'kubernetes'))
  const cases: Case[] = []
  for (const name of python) {
    // ruff reads nothing else either.
    const tree = await copyOf(await pythonRepository(name), join(work, name), /\.pyi?$/)
    const command = [await ruffCommand(), 'analyze', 'graph', '--isolated', '--quiet'] as const
    cases.push({ name: `Python, ${name}`, ...tree, reference: 'ruff analyze graph', command, aims: RUFF_AIMS })
  }
  for (const repository of go) {
    const name = `Go, ${repository.name}`
    const tree = await copyOf(await goRepository(repository), join(work, repository.name), /\.go$|^go\.(?:mod|work)$/)
    const command = [
      'go',
      'list',
      '-e',
      '-json=Dir,GoFiles,CgoFiles,Imports,TestImports,XTestImports',
      './...',
    ] as const
    const environment = { ...GO_LIST_ENVIRONMENT, GOFLAGS: '-mod=mod', GOWORK: 'off' }
    cases.push({ name, ...tree, reference: 'go list', command, environment, aims: NO_AIMS })
  }
  return [...cases, await ownCase(work)]
}

/** This repository itself: TypeScript whose packages are installed, so that the compiler finds the same. */
async function ownCase(work: string): Promise<Case> {
  const folder = join(work, 'own')
  for (const name of ['src', 'consumers', 'producers', 'test', 'bench', 'examples', 'tsconfig.json', 'package.json']) {
    await cp(join(repositoryRoot, name), join(folder, name), { recursive: true })
  }
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'))
  const files = (await filesBelow(folder)).filter((path) => path.endsWith('.ts')).length
  const tsc = join(repositoryRoot, 'node_modules/.bin/tsc')
  const command = [tsc, '-p', 'tsconfig.json', '--listFilesOnly'] as const
  return { name: 'TypeScript, forewarm', folder, files, reference: 'tsc --listFilesOnly', command, aims: NO_AIMS }
}

/** A copy of those files whose name fits. */
async function copyOf(from: string, to: string, name: RegExp): Promise<Pick<Case, 'folder' | 'files'>> {
  const files = (await filesBelow(from)).filter((path) => name.test(path.slice(path.lastIndexOf('/') + 1)))
  for (const file of files) await cp(join(from, file), join(to, file))
  return { folder: to, files: files.filter((file) => !/go\.(?:mod|work)$/.test(file)).length }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((each) => each.isFile()).map((each) => relative(folder, join(each.parentPath, each.name)))
}

type Measuring = { readonly entry: string; readonly work: string; readonly rounds: number }

/** In turns: nothing known, all known, the other tool. */
async function measureCase(each: Case, { entry, work, rounds }: Measuring): Promise<readonly Comparison[]> {
  const { name, folder, files, reference, command, environment = {}, aims } = each
  const deps = [process.execPath, entry, 'deps', '--workspace', folder, '--json'] as const
  const measured: { cold: Round; warm: Round }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const cache = join(work, `cache-${round}`)
    await mkdir(cache)
    const own = { cwd: folder, environment: { XDG_CACHE_HOME: cache } }
    const cold = files / (await run(deps, own))
    const warm = files / (await run(deps, own))
    const other = files / (await run(command, { cwd: folder, environment }))
    measured.push({ cold: { value: cold, reference: other }, warm: { value: warm, reference: other } })
    await rm(cache, { recursive: true })
  }
  const common = { unit: 'files/s', reference }
  return (['cold', 'warm'] as const).map((state) => ({
    ...common,
    measure: `${name}, ${state}`,
    rounds: measured.map((round) => round[state]),
    aims: aims[state],
  }))
}

type Running = { readonly cwd: string; readonly environment?: Readonly<Record<string, string>> }

/** Seconds that a command takes from its start to its end. Its output goes nowhere. */
async function run([command, ...args]: readonly [string, ...string[]], { cwd, environment }: Running): Promise<number> {
  const startMs = performance.now()
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`)
  return (performance.now() - startMs) / 1_000
}
