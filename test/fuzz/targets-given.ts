/** What comes from a repository, a request, a file of a user or another program. */

import { parseLines } from '../../src/adapters/http/gateway/access-events.ts'
import { isLeftOut } from '../../src/adapters/languages/go/constraints.ts'
import { createGoLanguage } from '../../src/adapters/languages/go/language.ts'
import { parseModuleFile } from '../../src/adapters/languages/go/modules.ts'
import { createPythonLanguage } from '../../src/adapters/languages/python/language.ts'
import { createTypeScriptLanguage } from '../../src/adapters/languages/typescript/language.ts'
import { parseTree } from '../../src/adapters/origins/git/tree.ts'
import { networksOf } from '../../src/adapters/origins/http/address.ts'
import { StraceLines } from '../../src/adapters/recorder/strace-lines.ts'
import { certificatesIn } from '../../src/adapters/tls/certificates.ts'
import { csvCell, splitCsv } from '../../src/adapters/trace/csv.ts'
import { settingsSchema } from '../../src/config/schema.ts'
import { nodeOf } from '../../src/config/schema-node.ts'
import { readYaml } from '../../src/config/source-yaml.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { Language } from '../../src/ports/language.ts'
import { readGlob } from '../../src/warming/glob.ts'
import { pathDenial } from '../../src/warming/path.ts'
import { listedPaths } from '../../src/warming/run/select.ts'
import { readSelector } from '../../src/warming/strategy/selector.ts'
import { wirePathProblem } from '../../src/wire/path.ts'
import { bytesLike, textLike } from './inputs.ts'
import { bytesTarget, holds, refusing, type Target, textTarget } from './target.ts'

const words = (text: string): readonly string[] => [...text.split(' '), ' ', '\n']
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const GLOB_PIECES = words('* ? ** **/ / { } , [ ] [! a- \\ a . .. ! glob: list: changed: profile: :9 mostAccessed:')
const PATH = `${'a'.repeat(200)}/b.ts`

const rules: readonly Target[] = [
  textTarget('glob', textLike(GLOB_PIECES, ['src/**/*.{ts,js}', '[a-c]?[!x].ts']), (text) => {
    const glob = readGlob(text)
    if ('problem' in glob) return
    const { steps } = glob.measured(PATH)
    holds(steps <= 6 * (PATH.length + 1) * (text.length + 2), 'the work of a match is bounded')
  }),
  textTarget('selector', textLike(GLOB_PIECES, ['mostAccessed:20', 'profile:eslint:5']), readSelector),
  textTarget('path', textLike(words('/ . .. a .git .GIT .forewarm \\ //'), ['src/a.ts']), (text) => {
    if (wirePathProblem(text) !== null || pathDenial(text) !== null) return
    const { pathname } = new URL(text.split('/').map(encodeURIComponent).join('/'), 'file:///root/')
    holds(pathname.startsWith('/root/'), 'a good path leads below its root')
  }),
  textTarget('list of paths', textLike(words('/ # ./ a \r'), ['src/a.ts\n# no\nb']), listedPaths),
  textTarget('network', textLike(words('/ : . 10 fd00 ff % 32 ::'), ['10.0.0.0/8', 'fd00::/8']), (text) =>
    refusing([TypeError, RangeError], () => networksOf([text])),
  ),
]

const YAML_PIECES = words(
  'workspaces: strategies: mode: origin: directory: - [ ] { } & * ! | > : , # ? <<: &a *a "" %YAML --- ...',
)
const LINES_MAX = 1_000
const LINES = '{"path":"a","timeMs":1}\n{"path":"b","timeMs":2}\n'

const texts: readonly Target[] = [
  textTarget('settings', textLike(YAML_PIECES, ['workspaces:\n  a/b:\n    origin: {directory: ../web}\n']), (text) =>
    readYaml(text, 'forewarm.yaml', nodeOf(settingsSchema)),
  ),
  textTarget('lines of a request', textLike(words('{ } [ ] " : , 1 null'), [LINES]), (text) =>
    refusing([ForewarmError], () => parseLines(text, LINES_MAX)),
  ),
  textTarget('cells of a trace', textLike(words('" , "" a'), ['1,"a,b",s,p']), (text) => {
    const cells = splitCsv(text)
    const again = splitCsv(cells.map(csvCell).join(','))
    holds(again.join('\0') === cells.join('\0'), 'cells are read as they were written')
  }),
  textTarget(
    'lines of strace',
    textLike(words('1 1.5 openat(AT_FDCWD, "a", O_RDONLY) = 3</a> < > \\ \\1 ... resumed>'), [
      '7 1.5 openat(AT_FDCWD, "a", O_RDONLY) = 3</a>',
    ]),
    (text) => {
      const lines = new StraceLines()
      for (const line of text.split('\n')) lines.parse(line)
    },
  ),
]

const EMPTY_PEM = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'
const id = new Uint8Array(20).fill(7)
const tree = new Uint8Array([...bytesOf('100644 a.ts\0'), ...id, ...bytesOf('40000 src\0'), ...id])

const PIECES = words(
  'import from export package module go use replace => require ( ) { } [ ] " \' ` / // /* */ # : ; , . ... < > = @ def class if ' +
    'async function const type interface enum namespace //go:build +build && || ! f" ${ <a> </a> \\ 1 a b ./b \t \0',
)

function languageTarget(language: Language, path: string, good: string): Target {
  return textTarget(`source: ${language.name}`, textLike(PIECES, [good]), (text) => {
    const { imports, faults } = language.parse(path, bytesOf(text))
    const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).length
    holds(
      faults.every(({ line }) => line >= 1 && line <= lines),
      'faults stand in lines that exist',
    )
    const files = new Set([path, 'b.ts', 'b.py', 'b/b.go', 'src/b.ts'])
    const resolved = language.resolver({ files, configurations: new Map() }).resolve(path, imports)
    holds(
      resolved.every((one) => files.has(one)),
      'imports lead to files of the tree',
    )
  })
}

/** Configuration files as a repository may hold them, read through the resolver that they are for. */
function configurationTarget(
  language: Language,
  { name, from, good }: { name: string; from: string; good: string },
): Target {
  const pieces = words(
    '{ } [ ] " : , // /* */ "paths": "extends": "exports": "workspaces": "./*" "*" "baseUrl": "." - & * ( ) => ./b ../',
  )
  return textTarget(`configuration: ${name}`, textLike(pieces, [good]), (text) => {
    const files = new Set([from, 'b.ts', 'src/b.ts', 'b/b.go', 'packages/b/index.ts'])
    const resolver = language.resolver({ files, configurations: new Map([[name, bytesOf(text)]]) })
    const imports = ['b', './b', '#b', '@b/c', 'm/b'].map((specifier) => {
      return { specifier, kind: 'static', level: 0, names: [] } as const
    })
    holds(
      resolver.resolve(from, imports).every((one) => files.has(one)),
      'imports lead to files of the tree',
    )
  })
}

async function languageTargets(): Promise<readonly Target[]> {
  const typescript = await createTypeScriptLanguage()
  const go = await createGoLanguage()
  return [
    languageTarget(typescript, 'a.ts', "import { b } from './b'\nexport const a: Array<number> = [b]\n"),
    languageTarget(await createPythonLanguage(), 'a.py', 'from b import c\nif TYPE_CHECKING:\n  import d\n'),
    languageTarget(go, 'a.go', '//go:build linux\n\npackage a\nimport "m/b"\nfunc A() {}\n'),
    configurationTarget(typescript, {
      name: 'tsconfig.json',
      from: 'a.ts',
      good: '{"compilerOptions":{"paths":{"b":["./b"]}}}',
    }),
    configurationTarget(typescript, {
      name: 'package.json',
      from: 'a.ts',
      good: '{"name":"b","exports":{"./*":"./src/*.ts"}}',
    }),
    configurationTarget(typescript, { name: 'pnpm-workspace.yaml', from: 'a.ts', good: 'packages:\n  - packages/*\n' }),
    configurationTarget(go, { name: 'go.mod', from: 'a.go', good: 'module m\nreplace x => ./b\n' }),
  ]
}

/** All of them. */
export const givenTargets = async (): Promise<readonly Target[]> => [
  ...rules,
  ...texts,
  textTarget(
    'certificates',
    textLike(['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '\n', 'MIIB', '=', '/'], [EMPTY_PEM]),
    certificatesIn,
  ),
  bytesTarget('tree of git', bytesLike([tree]), (bytes) => parseTree(bytes, 20)),
  textTarget(
    'build constraint',
    textLike(PIECES, ['//go:build linux && (a || !b)\n\n', '// +build linux,!a\n\n']),
    (text) => isLeftOut('a.go', text),
  ),
  textTarget('go.mod', textLike(PIECES, ['module m\nreplace (\n  x => ./b // c\n)\n']), (text) =>
    parseModuleFile(bytesOf(text)),
  ),
  ...(await languageTargets()),
]
