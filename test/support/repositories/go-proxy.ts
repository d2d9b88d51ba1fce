import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { runCommand } from '../services/command.ts'
import { cached } from '../services/download-cache.ts'

const mend = 'install Go 1.24 or newer, and let it reach a module proxy (GOPROXY)'

/** A module of the Go proxy, pinned by its checksum, and the folder of the checkout in which it is to lie. */
export type GoModule = {
  readonly path: string
  readonly version: string
  readonly sum: string
  readonly folder: string
}

export type GoRepository = {
  readonly name: string
  readonly modules: readonly GoModule[]
  /** Whether a go.work over all modules lies at the top, as in the repository that they come from. */
  readonly workspace: boolean
}

/**
 * The folder of a checkout put together from modules, fetched by Go the first time, outside the clone. go.mod is kept
 * without what it requires, so that `go list` needs no other module and no network.
 */
export function goRepository({ name, modules, workspace }: GoRepository): Promise<string> {
  const version = modules[0]?.version ?? ''
  return cached(`go-${name}-${version}`, async (unfinished) => {
    const folders = new Set(modules.map(({ folder }) => folder))
    for (const module of modules) {
      const source = await goModuleFolder(module, unfinished)
      const target = join(unfinished, module.folder)
      await copySources(source, target)
      await writeModuleFile(source, target, { root: unfinished, folders })
    }
    const uses = modules.map(({ folder }) => `use ./${folder}\n`)
    if (workspace) await writeFile(join(unfinished, 'go.work'), `go 1.24\n${uses.join('')}`)
  })
}

/** The folder of a module in Go's own cache, read-only; fetched by Go if it is not there yet. */
export async function goModuleFolder({ path, version, sum }: Omit<GoModule, 'folder'>, cwd: string): Promise<string> {
  const env = { GOFLAGS: '', GOWORK: 'off' }
  const answer = JSON.parse(
    await runCommand('go', ['mod', 'download', '-json', `${path}@${version}`], { cwd, env, mend }),
  )
  if (answer.Sum !== sum) throw new Error(`${path}@${version} has the checksum ${answer.Sum}, not ${sum}`)
  return answer.Dir
}

async function copySources(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile() && each.name.endsWith('.go'))) {
    const source = join(entry.parentPath, entry.name)
    const target = join(to, relative(from, source))
    await mkdir(dirname(target), { recursive: true })
    await copyFile(source, target)
    // Go's cache is read-only; this one is to be cleared as any other.
    await chmod(target, 0o644)
  }
}

type Checkout = { readonly root: string; readonly folders: ReadonlySet<string> }

async function writeModuleFile(source: string, target: string, { root, folders }: Checkout): Promise<void> {
  const lines = (await readFile(join(source, 'go.mod'), 'utf8')).split('\n').map((line) => line.trim())
  const replaced = lines.flatMap((line) => {
    const [, path = '', folder = ''] = /^(?:replace\s+)?(\S+)\s+=>\s+(\.\S+)$/.exec(line) ?? []
    return path !== '' && folders.has(relative(root, join(target, folder))) ? [`replace ${path} => ${folder}`] : []
  })
  const module = lines.find((line) => line.startsWith('module ')) ?? ''
  await writeFile(join(target, 'go.mod'), [module, 'go 1.24', ...replaced, ''].join('\n'))
}

/** What `go list` says of a package. */
export type GoPackage = {
  readonly Dir: string
  readonly ImportPath: string
  readonly GoFiles?: readonly string[]
  readonly CgoFiles?: readonly string[]
  readonly IgnoredGoFiles?: readonly string[]
  readonly TestGoFiles?: readonly string[]
  readonly XTestGoFiles?: readonly string[]
  readonly Imports?: readonly string[]
  readonly TestImports?: readonly string[]
  readonly XTestImports?: readonly string[]
}

const FIELDS =
  'Dir,ImportPath,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports'

/** One platform whatever the machine is, and no network. */
export const GO_LIST_ENVIRONMENT = {
  ...{ GOOS: 'linux', GOARCH: 'amd64', CGO_ENABLED: '1' },
  ...{ GOPROXY: 'off', GOTOOLCHAIN: 'local' },
}

/**
 * All packages of a checkout, for linux/amd64 with cgo whatever the machine is, without any network; those in folders
 * that `./...` passes over (testdata) where another imports them.
 */
export async function goList(folder: string, { modules, workspace }: GoRepository): Promise<readonly GoPackage[]> {
  const env = {
    ...GO_LIST_ENVIRONMENT,
    ...(workspace ? { GOFLAGS: '-mod=readonly' } : { GOFLAGS: '-mod=mod', GOWORK: 'off' }),
  }
  const list = async (cwd: string, patterns: readonly string[]): Promise<readonly GoPackage[]> => {
    const text = await runCommand('go', ['list', '-e', `-json=${FIELDS}`, ...patterns], { cwd, env, mend })
    return text.split(/\n(?=\{)/).flatMap((part) => (part.trim() === '' ? [] : [JSON.parse(part)]))
  }
  const found: GoPackage[] = []
  for (const module of modules) {
    const cwd = join(folder, module.folder)
    const packages = await list(cwd, ['./...'])
    const known = new Set(packages.map(({ ImportPath }) => ImportPath))
    const imported = new Set(packages.flatMap((each) => importsOf(each)))
    const others = [...imported].filter((path) => path.startsWith(`${module.path}/`) && path.includes('testdata'))
    const unlisted = others.filter((path) => !known.has(path))
    found.push(...packages, ...(unlisted.length > 0 ? await list(cwd, unlisted) : []))
  }
  return found
}

const importsOf = ({ Imports = [], TestImports = [], XTestImports = [] }: GoPackage): readonly string[] => [
  ...Imports,
  ...TestImports,
  ...XTestImports,
]
