/** `forewarm deps` on Go against `go list`, on real repositories. */
import { dirname, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createGoLanguage } from '../../../src/adapters/languages/go/language.ts'
import { depsOf } from '../../support/repositories/deps-command.ts'
import { GO_REPOSITORIES } from '../../support/repositories/go.ts'
import { type GoPackage, type GoRepository, goList, goRepository } from '../../support/repositories/go-proxy.ts'
import { parsedFiles } from '../../support/repositories/parsed-files.ts'

/** Packages by their folder in the checkout, with paths of files in it. */
type Packages = ReadonlyMap<string, GoPackage>

async function packagesOf(folder: string, repository: GoRepository): Promise<Packages> {
  const packages = (await goList(folder, repository)).filter(({ Dir }) => Dir !== undefined)
  return new Map(packages.map((each) => [relative(folder, each.Dir), each]))
}

const at = (folder: string, names: readonly string[] = []): readonly string[] =>
  names.map((name) => (folder === '' ? name : `${folder}/${name}`))

const sourcesOf = (folder: string, each: GoPackage): readonly string[] => [
  ...at(folder, each.GoFiles),
  ...at(folder, each.CgoFiles),
]

/** The files of a package by the three kinds whose imports `go list` tells apart. */
const kindsOf = (folder: string, each: GoPackage) => [
  { files: sourcesOf(folder, each), imports: each.Imports },
  { files: at(folder, each.TestGoFiles), imports: each.TestImports },
  { files: at(folder, each.XTestGoFiles), imports: each.XTestImports },
]

/** Edges from the files of a package, and of its tests, to files: those that `go list` says, and those found. */
function edgesOf(
  packages: Packages,
  edges: ReadonlyMap<string, readonly string[]>,
): { readonly said: string[]; readonly found: string[] } {
  const folders = new Map([...packages].map(([folder, { ImportPath }]) => [ImportPath, folder]))
  const said = new Set<string>()
  const found = new Set<string>()
  for (const [folder, each] of packages) {
    for (const [kind, { files, imports = [] }] of kindsOf(folder, each).entries()) {
      const name = `${each.ImportPath} (${['package', 'test', 'external test'][kind]})`
      for (const path of imports) {
        const to = folders.get(path)
        const target = to === undefined ? undefined : packages.get(to)
        if (to !== undefined && target) for (const file of sourcesOf(to, target)) said.add(`${name} -> ${file}`)
      }
      for (const to of files.flatMap((file) => edges.get(file) ?? [])) found.add(`${name} -> ${to}`)
    }
  }
  return { said: [...said].sort(), found: [...found].sort() }
}

/** Files in the folders of `go list`'s packages that it builds, tests included. */
function builtBy(packages: Packages): readonly string[] {
  return [...packages].flatMap(([folder, each]) => kindsOf(folder, each).flatMap(({ files }) => files)).sort()
}

describe('edges of a Go repository are those of go list', () => {
  test.each(GO_REPOSITORIES)('$name', async (repository) => {
    const folder = await goRepository(repository)
    const packages = await packagesOf(folder, repository)
    const { said, found } = edgesOf(packages, await depsOf(folder))
    expect(said.length).toBeGreaterThan(40)
    expect(found).toEqual(said)
    const parsed = await parsedFiles(await createGoLanguage(), folder)
    const listed = [...parsed].filter(([file]) => packages.has(dirname(file).replace(/^\.$/, '')))
    expect(listed.flatMap(([file, { leftOut }]) => (leftOut ? [] : [file])).sort()).toEqual(builtBy(packages))
    expect([...parsed].filter(([, { faults }]) => faults.length > 0)).toEqual([])
  })
})
