import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openForewarm } from '../../src/library.ts'
import { eventually } from '../support/eventually.ts'
import { spawnForewarm } from '../support/process.ts'
import { repositoryRoot } from '../support/services/locations.ts'
import { makeSite } from '../support/site.ts'

const PLUGIN = join(repositoryRoot, 'examples/layer-plugin/licences.ts')
const LAYERS = ['content', 'ast', 'incremental', 'licences']

type Run = {
  readonly state: string
  readonly files: number
  readonly counts: readonly { readonly outcome: string; readonly detail: string; readonly files: number }[]
  readonly verified: number
}

test('a run warms and verifies every layer of a workspace, and readers find and check them', async () => {
  const folder = makeSite({ warm: { plugins: [PLUGIN] }, embedded: { file: 'forewarm.db' } })
  writeFileSync(join(folder, 'web', 'README.md'), '# web\n')
  writeFileSync(join(folder, 'web', 'main.ts'), "import './parse'\nexport const main = 1\n")
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
  const { url } = JSON.parse(await up.line(/the gateway listens/))
  const web = `${url}/v1/workspaces/web`
  const asked = await fetch(`${web}/warm-requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'all', priorityFiles: ['**'], layers: LAYERS }),
  })
  expect(asked.status).toBe(202)
  const run = await eventually(
    async () => (await fetch(`${web}/runs/all`)).json() as Promise<Run>,
    ({ state }) => !['planning', 'warming', 'verifying', undefined].includes(state),
    { what: 'the end of the run', everyMs: 100 },
  )
  // Eight sources in four layers, and the page in two: of the second, a plugin's, only the worker knows that it has none.
  expect(run).toMatchObject({ state: 'complete', files: 34, verified: 33 })
  expect(run.counts).toContainEqual({ outcome: 'skipped', detail: 'language', files: 1 })

  const settings = { embedded: { file: join(folder, 'forewarm.db') }, warm: { plugins: [PLUGIN] } }
  const forewarm = await openForewarm({ workspace: 'web', origin: join(folder, 'web'), settings })
  const session = () => forewarm.reader.session({ analyzer: 'own' })
  const print = await session().fingerprint('main.ts')
  expect(print).toMatchObject({ path: 'main.ts', verified: true })
  expect(await session().fingerprint('README.md')).toBeNull()
  const ast = await session().read('main.ts', { layer: 'ast', version: print?.version ?? '' })
  expect(JSON.parse(new TextDecoder().decode(ast ?? undefined)).symbols).toMatchObject([{ name: 'main' }])
  writeFileSync(join(folder, 'web', 'parse.ts'), 'export const other = 1\n')
  expect(await session().fingerprint('main.ts')).toMatchObject({ digest: print?.digest, verified: false })
  await forewarm.close()
  const found = await fetch(`${web}/cache?path=main.ts&layer=incremental`)
  expect(found.headers.get('x-forewarm-version')).toBe(`${print?.version}+${print?.digest}`)
  expect(await found.json()).toMatchObject({
    path: 'main.ts',
    digest: print?.digest,
    closure: [['parse.ts', expect.any(String)]],
  })
  expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})
