/** The repository's own rules, part of `npm run check`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { transformWithOxc } from 'vite'
import { describe, expect, test } from 'vitest'
import { documentedSettings } from '../src/config/print.ts'
import { functionsOf } from './support/functions.ts'

const root = resolve(import.meta.dirname, '..')

/** A second look is asked for from here on, and none is longer. */
const SIZES = { file: { note: 250, max: 300 }, function: { note: 60, max: 80 } }

/** Files of the code with functions of more than three parameters, with the reason. */
const WIDE: ReadonlyMap<string, string> = new Map([
  ['src/model/fold/fold-access.ts', 'called for each access'],
  ['src/model/fold/sessions.ts', 'called for each access'],
  ['src/flows/predict/learned-source.ts', 'called for each access'],
  ['src/warming/spend.ts', 'three numbers and what bounds them; the Lua script has the same'],
])

function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|dist|\.services)\//.test(path))
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const codeFolders = ['src', 'consumers', 'producers']
const code = codeFolders.flatMap(filesBelow).filter((path) => /(?<!\.d)\.tsx?$/.test(path))
const tests = ['test', 'bench', 'examples'].flatMap(filesBelow).filter((path) => path.endsWith('.ts'))
const others = ['docs', 'schemas', 'deploy', '.ci', '.bin'].flatMap(filesBelow)
const topLevel = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name)

/** The page's code without its types: Node strips only those of .ts files. */
const pageCode = new Map(
  await Promise.all(
    code
      .filter((path) => path.endsWith('.tsx'))
      .map(async (path) => [path, (await transformWithOxc(read(path), path, { jsx: 'preserve' })).code] as const),
  ),
)
const withoutTypes = (path: string): string => pageCode.get(path) ?? stripTypeScriptTypes(read(path))

type Import = { readonly from: string; readonly to: string }

/** Imports of a file, types and dynamic ones too; inside the repository as paths, else as names of packages. */
function importsOf(path: string): readonly Import[] {
  const found = read(path).matchAll(/\bfrom '([^']+)'$|^import '([^']+)'|\bimport\('([^']+)'\)/gm)
  return [...found].map(([, from, bare, dynamic]) => {
    const name = from ?? bare ?? dynamic ?? ''
    return { from: path, to: name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : name }
  })
}

type Layer = { readonly folder: string; readonly mayImport: readonly string[]; readonly packages: string }

function layersOf(page: string): readonly Layer[] {
  const table = page.split('<!-- layers -->')[1]?.split('<!-- /layers -->')[0] ?? ''
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, folder = '', mayImport = '', packages = ''] = line.split('|').map((cell) => cell.trim())
      const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
      return { folder: names(folder)[0] ?? '', mayImport: names(mayImport), packages }
    })
}

const layers = layersOf(read('docs/architecture.md'))
const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
const layerOf = (path: string): Layer | undefined => layers.find(({ folder }) => isIn(path, folder))

describe('layers', () => {
  test('docs/architecture.md names every folder of the code', () => {
    expect(code.filter((path) => layerOf(path) === undefined)).toEqual([])
    expect(layers.length).toBeGreaterThan(10)
  })

  test('every import goes where the table allows', () => {
    const stray = code.flatMap(importsOf).filter(({ from, to }) => {
      const layer = layerOf(from)
      if (layer === undefined) return true
      if (!isPath(to)) return layer.packages === 'none' && !to.startsWith('node:')
      return !isIn(to, layer.folder) && !isIn(to, 'schemas') && !layer.mayImport.some((folder) => isIn(to, folder))
    })
    expect(stray).toEqual([])
  })

  test('no engine of the adapters imports another', () => {
    const engineOf = (path: string) => /^src\/adapters\/([^/]+)\//.exec(path)?.[1]
    const stray = code
      .flatMap(importsOf)
      .filter(
        ({ from, to }) => engineOf(from) !== undefined && engineOf(to) !== undefined && engineOf(from) !== engineOf(to),
      )
    expect(stray).toEqual([])
  })

  test('the core, the ports and the flows use nothing of Node', () => {
    const pure = ['src/model', 'src/warming', 'src/dependencies', 'src/ports', 'src/flows']
    const stray = code.flatMap(importsOf).filter(({ from, to }) => pure.some((one) => isIn(from, one)) && !isPath(to))
    expect(stray).toEqual([])
  })

  test('the core, the ports and the flows read no clock and draw no random number', () => {
    const pure = ['src/model', 'src/warming', 'src/dependencies', 'src/ports', 'src/flows']
    const forbidden =
      /\b(?:Date\.now|new Date\(|Math\.random|performance\.now|set(?:Timeout|Interval|Immediate)\(|(?<!\.)process\.[a-z]+\b(?!')|globalThis)/
    const files = code.filter((path) => pure.some((one) => isIn(path, one)))
    expect(files.filter((path) => forbidden.test(withoutComments(path)))).toEqual([])
  })

  test('only src/config reads the environment, only src/process.ts, the command line and the process files end a process', () => {
    expect(code.filter((path) => !isIn(path, 'src/config') && /process\.env\b/.test(withoutComments(path)))).toEqual([])
    const mayExit = ['src/process.ts', 'src/cli', 'consumers', 'producers']
    const exits = code.filter((path) => /process\.exit\b/.test(withoutComments(path)))
    expect(exits.filter((path) => !mayExit.some((one) => isIn(path, one)))).toEqual([])
  })
})

describe('sizes', () => {
  const sized = [...code, ...tests.filter((path) => !path.endsWith('.test.ts') && !path.endsWith('.contract.ts'))]

  test('no file is too long', () => {
    const long = sized
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > SIZES.file.note)
    for (const { path, lines } of long) console.warn(`note: ${path} has ${lines} lines: worth a second look`)
    expect(long.filter(({ lines }) => lines > SIZES.file.max)).toEqual([])
  })

  test('no function is too long, and none takes more than three parameters', () => {
    const found = sized.flatMap((path) => functionsOf(read(path), path).map((one) => ({ path, ...one })))
    expect(found.length).toBeGreaterThan(code.length)
    const long = found.filter(({ lines }) => lines > SIZES.function.note)
    for (const { path, line, name, lines } of long) console.warn(`note: ${path}:${line}: ${name} has ${lines} lines`)
    expect(long.filter(({ lines }) => lines > SIZES.function.max)).toEqual([])
    const wide = found.filter(({ path, parameters }) => parameters > 3 && code.includes(path))
    expect(wide.filter(({ path }) => !WIDE.has(path))).toEqual([])
    expect([...WIDE.keys()].filter((path) => wide.every((one) => one.path !== path))).toEqual([])
  })
})

describe('exports', () => {
  test('every exported value is taken by another file', () => {
    const taken = new Set([...codeFolders.flatMap(filesBelow), ...tests, ...others].flatMap(takenBy))
    const values = /^export (?:async )?(?:const|function\*?|class) (\w+)/gm
    const dead = code.flatMap((path) =>
      [...read(path).matchAll(values)]
        .map(([, name = '']) => `${path} ${name}`)
        .filter((value) => !taken.has(value) && !taken.has(`${path} *`)),
    )
    expect(dead).toEqual([])
  })
})

/** What a file imports of others, as `path name`; all of a file (`path *`) that it imports while it runs. */
function takenBy(path: string): readonly string[] {
  if (!/\.(tsx?|mjs)$/.test(path)) return []
  const pathOf = (to: string): string => relative(root, resolve(root, dirname(path), to))
  const text = read(path)
  const listed = [...text.matchAll(/^(?:im|ex)port (?:type )?\{([^}]*)\} from '(\.[^']+)'/gm)].flatMap(
    ([, names = '', to = '']) =>
      names.split(',').map((name) => `${pathOf(to)} ${/^\s*(?:type )?(\w*)/.exec(name)?.[1]}`),
  )
  const whole = /^import \* as \w+ from '(\.[^']+)'|\bimport\('(\.[^']+)'\)|new URL\('(\.[^']+\.ts)'/gm
  return [
    ...listed,
    ...[...text.matchAll(whole)].map(([, all, later, thread]) => `${pathOf(all ?? later ?? thread ?? '')} *`),
  ]
}

describe('documents', () => {
  test('every field of every schema is documented', () => {
    const bare: string[] = []
    const visit = (schema: unknown, at: string): void => {
      if (Array.isArray(schema)) for (const one of schema) visit(one, at)
      if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
      const { type, name, doc, fields, items, values } = schema as Record<string, unknown>
      const here = typeof name === 'string' ? `${at}.${name}` : at
      if ((type === 'record' || type === 'enum') && typeof doc !== 'string') bare.push(here)
      for (const field of Array.isArray(fields) ? fields : []) {
        if (typeof field.doc !== 'string' || field.doc.length < 8) bare.push(`${here}.${field.name}`)
        visit(field.type, `${here}.${field.name}`)
      }
      for (const inner of [items, values, typeof type === 'object' ? type : null]) visit(inner, here)
    }
    const schemas = filesBelow('schemas').filter((path) => path.endsWith('.avsc'))
    expect(schemas.length).toBeGreaterThanOrEqual(4)
    for (const path of schemas) visit(JSON.parse(read(path)), path)
    expect(bare).toEqual([])
  })

  test('every setting is used somewhere', () => {
    const users = code
      .filter((path) => !path.startsWith('src/config/schema'))
      .map(read)
      .join('\n')
    const unused = documentedSettings().filter(({ path }) => {
      const key = path.split('.').at(-1) ?? ''
      return !new RegExp(`\\b${key}\\b`).test(users)
    })
    expect(unused.map(({ path }) => path)).toEqual([])
  })

  test('links between the documents lead somewhere', () => {
    const pages = [...others, ...topLevel].filter((path) => path.endsWith('.md'))
    const broken = pages.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target = '']) => ({ path, target }))
        .filter(({ target }) => !existsSync(resolve(root, dirname(path), target))),
    )
    expect(broken).toEqual([])
  })

  test('every script of package.json is told of, and every script and file that a document names is there', () => {
    const pages = [...others, ...topLevel].filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md')
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
    const namesIn = (pattern: RegExp): readonly string[] =>
      pages.flatMap((path) => [...read(path).matchAll(pattern)].map(([, name = '']) => name))
    const named = namesIn(/\bnpm run (?:--silent |-s )?([a-z][\w:]*)/g)
    expect(scripts.filter((name) => !named.includes(name) && !namesIn(/`npm (start|test)/g).includes(name))).toEqual([])
    expect(named.filter((name) => !scripts.includes(name))).toEqual([])
    const files = /`((?:src\/[\w-]+|test|bench|deploy|docs|consumers|producers|schemas|\.ci|\.bin)\/[\w./-]+)`/g
    expect(namesIn(files).filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  test('the tests that docs/architecture.md names for its invariants exist', () => {
    const table = read('docs/architecture.md').split('<!-- invariants -->')[1]?.split('<!-- /invariants -->')[0] ?? ''
    const named = [...table.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe('this repository alone', () => {
  test('no file holds a path of one machine or the address of a package registry', () => {
    const texts = [...code, ...tests, ...others, ...topLevel].filter(
      (path) => path !== 'test/tidy.test.ts' && /\.(ts|mjs|js|json|ya?ml|md|avsc|lua|sh)$|(^|\/)[^.]+$/.test(path),
    )
    const machine = /(?:^|["'`\s=(])\/(?:work|home|root|Users)\/[\w.-]+/m
    const host =
      /\b(?:registry\.npmjs\.org|registry\.yarnpkg\.com|pypi\.org|repo1?\.maven\.org|repo\.maven\.apache\.org|proxy\.golang\.org|files\.pythonhosted\.org)\b/
    const stray = texts.filter((path) => {
      const text = read(path)
      return machine.test(text) || (path !== 'package-lock.json' && host.test(text))
    })
    expect(stray).toEqual([])
  })

  test('no code is left for later', () => {
    const marks = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|X{3})\\b`)
    expect([...code, ...tests].filter((path) => marks.test(read(path)))).toEqual([])
  })
})

const isPath = (name: string): boolean =>
  /^(?:src|schemas|consumers|producers|test|bench|examples|package\.json)(?:\/|$|\.)/.test(name)

/** The code of a file with comments and types blanked out, so that words in them do not count. */
const withoutComments = (path: string): string => withoutTypes(path).replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
