/** The TypeScript compiler itself, asked for what each file of a folder imports. */
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { npmRelease } from './npm.ts'

/** The last version with an interface for programs; fetched like the repositories, so that its `tsc` is nobody's. */
const COMPILER = {
  name: 'typescript',
  version: '6.0.3',
  integrity: 'sha512-y2TvuxSZPDyQakkFRPZHKFm+KKVqIisdg9/CZwm9ftvKXLP8NRWj38/ODjNbr43SsoXqNuAisEf1GdCxqWcdBw==',
}

/** What is used of the compiler; some of it is not in its published types. */
type Literal = { readonly text: string }
type SourceFile = {
  readonly fileName: string
  readonly imports: readonly Literal[]
  readonly moduleAugmentations: readonly Literal[]
  readonly referencedFiles: readonly { readonly fileName: string }[]
}
type Program = {
  getSourceFiles(): readonly SourceFile[]
  getResolvedModuleFromModuleSpecifier(
    literal: Literal,
    file: SourceFile,
  ): { readonly resolvedModule?: { readonly resolvedFileName: string } } | undefined
}
type Compiler = {
  readonly sys: { fileExists(path: string): boolean }
  createProgram(rootNames: readonly string[], options: object): Program
  findConfigFile(folder: string, exists: (path: string) => boolean, name: string): string | undefined
  getParsedCommandLineOfConfigFile(
    file: string,
    options: object,
    host: object,
  ): { readonly options: object } | undefined
  resolveTripleslashReference(name: string, from: string): string
}

/** As bundlers resolve, everything that can be imported, nothing else checked or added. */
const OPTIONS = {
  ...{ allowJs: true, resolveJsonModule: true, allowImportingTsExtensions: true, allowArbitraryExtensions: true },
  ...{ module: 99, moduleResolution: 100, noLib: true, types: [], noEmit: true, composite: false, incremental: false },
  ...{ maxNodeModuleJsDepth: 0, jsx: 1, ignoreDeprecations: '6.0' },
}

export async function loadCompiler(): Promise<Compiler> {
  const folder = await npmRelease(COMPILER)
  return createRequire(import.meta.url)(join(folder, 'lib', 'typescript.js'))
}

/** `files` relative to the folder, each with the files below it that the compiler takes its imports for. */
export function compilerEdges(
  compiler: Compiler,
  folder: string,
  files: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const edges = new Map<string, ReadonlySet<string>>()
  for (const [config, group] of byConfiguration(compiler, folder, files)) {
    const options = config === null ? OPTIONS : { ...optionsOf(compiler, config), ...OPTIONS }
    const program = compiler.createProgram(
      group.map((file) => join(folder, file)),
      options,
    )
    const wanted = new Set(group)
    for (const file of program.getSourceFiles()) {
      const name = relative(folder, file.fileName)
      if (wanted.has(name)) edges.set(name, importsOf({ compiler, program, folder }, file))
    }
  }
  return edges
}

type Asked = { readonly compiler: Compiler; readonly program: Program; readonly folder: string }

function importsOf({ compiler, program, folder }: Asked, file: SourceFile): ReadonlySet<string> {
  const modules = [...file.imports, ...file.moduleAugmentations].flatMap((literal) => {
    const found = program.getResolvedModuleFromModuleSpecifier(literal, file)?.resolvedModule?.resolvedFileName
    return found === undefined ? [] : [found]
  })
  const references = file.referencedFiles
    .map(({ fileName }) => compiler.resolveTripleslashReference(fileName, file.fileName))
    .filter((path) => compiler.sys.fileExists(path))
  const inside = [...modules, ...references]
    .map((path) => relative(folder, path))
    .filter((path) => !path.startsWith('..') && !/(^|\/)node_modules\//.test(path))
  return new Set(inside.filter((path) => path !== relative(folder, file.fileName)))
}

/** Files with the tsconfig.json that is the nearest at or above them. */
function byConfiguration(compiler: Compiler, folder: string, files: readonly string[]) {
  const groups = new Map<string | null, string[]>()
  for (const file of files) {
    const found = ['tsconfig.json', 'jsconfig.json']
      .map((name) => compiler.findConfigFile(dirname(join(folder, file)), compiler.sys.fileExists, name))
      .filter((path) => path?.startsWith(`${folder}/`))
      .sort((one = '', other = '') => other.length - one.length)
    const config = found[0] ?? null
    groups.set(config, [...(groups.get(config) ?? []), file])
  }
  return groups
}

function optionsOf(compiler: Compiler, config: string): object {
  const host = { ...compiler.sys, onUnRecoverableConfigFileDiagnostic: () => {} }
  return compiler.getParsedCommandLineOfConfigFile(config, {}, host)?.options ?? {}
}
