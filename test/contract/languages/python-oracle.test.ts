/** `forewarm deps` on Python against `ruff analyze graph`, on real repositories and on a made one of corner cases. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createPythonLanguage } from '../../../src/adapters/languages/python/language.ts'
import { depsOf } from '../../support/repositories/deps-command.ts'
import { parsedFiles } from '../../support/repositories/parsed-files.ts'
import { ruffGraph } from '../../support/repositories/pypi.ts'
import { PYTHON_RELEASES, type PythonRepository, pythonRepository } from '../../support/repositories/python.ts'

/** Edges that forewarm has and ruff has not, `from -> to`, or the other way round, by the reason. */
type Differences = Readonly<Record<string, readonly string[]>>

const inFolderWithoutInit =
  'a relative import in a folder without __init__.py: Python resolves it (a namespace package), ruff passes it over'
const inStubPackage = 'a relative import in a package that has only __init__.pyi: ruff passes it over'
const inBrokenFile = 'a file with a syntax error: ruff takes nothing of it, forewarm what can be read'
const besideStubs =
  'a relative import in a package beside its stub package: ruff reads it by its whole name and finds the stubs alone'

const sansio = (file: string, to: readonly string[]) =>
  to.map((each) => `src/flask/sansio/${file} -> src/flask/${each}`)

const REAL: Partial<Record<PythonRepository, Differences>> = {
  flask: {
    [inFolderWithoutInit]: [
      ...sansio('app.py', [
        'config.py',
        'ctx.py',
        'helpers.py',
        'json/provider.py',
        'logging.py',
        'sansio/blueprints.py',
      ]),
      ...sansio('app.py', ['sansio/scaffold.py', 'templating.py', 'testing.py', 'typing.py']),
      ...sansio('blueprints.py', ['sansio/app.py', 'sansio/scaffold.py', 'typing.py']),
      ...sansio('scaffold.py', ['helpers.py', 'templating.py', 'typing.py']),
    ],
  },
}

/** The edges that only one of both has, marked by whose they are. */
async function differences(folder: string): Promise<readonly string[]> {
  const theirs = await ruffGraph(folder)
  const edges = await depsOf(folder)
  expect([...theirs.values()].flat().length).toBeGreaterThan(25)
  const mine = (file: string): readonly string[] => edges.get(file) ?? []
  return [...theirs].flatMap(([file, to]) => [
    ...mine(file).flatMap((each) => (to.includes(each) ? [] : [`${file} -> ${each}`])),
    // ruff counts a package that imports from itself as its own dependency.
    ...to.flatMap((each) => (each === file || mine(file).includes(each) ? [] : [`only ruff: ${file} -> ${each}`])),
  ])
}

describe('edges of a Python repository are those of ruff', () => {
  test.each(PYTHON_RELEASES)('$name $version', async ({ name }) => {
    const folder = await pythonRepository(name)
    expect((await differences(folder)).toSorted()).toEqual(
      Object.values(REAL[name] ?? {})
        .flat()
        .toSorted(),
    )
    const parsed = await parsedFiles(await createPythonLanguage(), folder)
    expect([...parsed].filter(([, { faults }]) => faults.length > 0)).toEqual([])
  })

  const folders: string[] = []
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

  test('corner cases', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'forewarm-python-'))
    folders.push(folder)
    for (const [path, text] of Object.entries(CORNERS)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    expect((await differences(folder)).toSorted()).toEqual(Object.values(CORNER_DIFFERENCES).flat().toSorted())
  })
})

const CORNERS: Readonly<Record<string, string>> = {
  'ns/a.py': 'from . import b\nfrom .b import c',
  'ns/b.py': '',
  'ns/deep/d.py': 'from ..b import z\nimport ns.b',
  'pk/__init__.py': '',
  'pk/data/readme.txt': '',
  'pk/m.py': 'from . import thing\nfrom .m import *\nfrom ..top import x',
  'pk/n.py': 'from pk import data',
  'stub/__init__.pyi': '',
  'stub/a.pyi': 'from . import b',
  'stub/b.pyi': '',
  'src/lay/__init__.py': '',
  'src/lay/one.py': '',
  'src/only.py': '',
  'lay/__init__.py': '',
  'lay/two.py': '',
  'top.py': 'import lay.one, lay.two, only, src.only, time, types, ast\nfrom ns import b, nothing\nimport window',
  'window.pyw': 'import top',
  'time.py': '',
  'types.py': '',
  'ast.py': '',
  'apps/web/helper.py': '',
  'apps/web/main.py': 'import helper\nimport apps.web.helper\nfrom helper import *\nimport types',
  'tests/conftest.py': '',
  'tests/unit/test_a.py': 'import conftest',
  'pkg-stubs/__init__.pyi': '',
  'pkg/__init__.py': '',
  'pkg/v.py': '',
  'pkg/v.pyi': '',
  'pkg/w.py': 'from . import v\nfrom .v import x\nfrom pkg.v import *',
  'uses.py': 'import pkg\nimport pkg.w',
  'kinds.py': [
    'from typing import TYPE_CHECKING',
    'if TYPE_CHECKING:\n  import lay',
    'if not TYPE_CHECKING: import only\nelse:\n  import ns.b',
    'def f():\n  import top\n  class A:\n    async def g(self): import uses',
    'try: import pk\nexcept ImportError: import tests.conftest\nfinally:\n  import apps.web.main',
    'match x:\n  case 1: import pk.m\nfor a in b: import pk.n\nelse: import lay.two',
    'while x:\n  with y: import src.lay.one',
    'x = f"{y!r:>{w}}" "import bom"\n',
  ].join('\n'),
  'bom.py': '\ufeffimport top\r\nimport only\r\n',
  'tabs.py': 'if x:\n\timport top\n        import only\n',
  'broken.py': 'import top\nx = = 3\n',
  'two.py': 'import top\nprint "Python 2"\n',
}

const CORNER_DIFFERENCES: Differences = {
  [inFolderWithoutInit]: ['ns/a.py -> ns/b.py'],
  [inStubPackage]: ['stub/a.pyi -> stub/b.pyi'],
  [besideStubs]: [
    'pkg/w.py -> pkg/v.py',
    'pkg/w.py -> pkg/v.pyi',
    'only ruff: pkg/w.py -> pkg-stubs/__init__.pyi',
    'only ruff: pkg/w.py -> pkg/__init__.py',
  ],
  [inBrokenFile]: ['broken.py -> top.py', 'two.py -> top.py', 'tabs.py -> top.py', 'tabs.py -> src/only.py'],
}
