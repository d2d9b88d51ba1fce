import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { layers as ownLayers } from '../../examples/layer-plugin/licences.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { openReporting } from '../../src/compose/reporting.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { openForewarm } from '../../src/library.ts'
import type { WarmCommand } from '../../src/warming/command.ts'
import { eventually } from '../support/eventually.ts'
import { spawnForewarm } from '../support/process.ts'
import { repositoryRoot } from '../support/services/locations.ts'
import { makeSite } from '../support/site.ts'
import { aCommand, aFile, readOutcomes } from '../support/warm-worker.ts'

const PLUGIN = join(repositoryRoot, 'examples/layer-plugin/licences.ts')
const LICENCES = ['Apache-2.0', 'MIT']

/** The deployment of a site, as other processes on the same machine see it. */
async function openSite(folder: string) {
  const file = { name: 'settings', text: JSON.stringify({ embedded: { file: join(folder, 'forewarm.db') } }) }
  const settings = settingsFrom({ file })
  return openEngines(settings, await openReporting(settings, 'test'))
}

test('the layer of a plugin is warmed by workers and read through gateway and library under its version', async () => {
  const folder = makeSite({ warm: { plugins: [PLUGIN] }, embedded: { file: 'forewarm.db' } })
  const source = join(folder, 'web', 'parse.ts')
  writeFileSync(source, '// SPDX-License-Identifier: MIT\n// SPDX-License-Identifier: Apache-2.0\n')
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
  const { url } = JSON.parse(await up.line(/the gateway listens/))
  const engines = await openSite(folder)
  const files = ['parse.ts', 'README.md', 'print.ts'].map((path) => aFile({ path, layer: 'licences' }))
  const command: WarmCommand = aCommand({ workspace: 'web', files })
  const value = await engines.codec.encode('warm-commands', command)
  await engines.log.append('warm-commands', [{ key: 'web', value, headers: new Map() }])
  const [outcome] = await eventually(
    () => readOutcomes(engines),
    (outcomes) => outcomes.length > 0,
    { what: 'the outcome' },
  )
  expect(outcome?.files.map(({ outcome: kind, detail }) => `${kind} ${detail}`.trim())).toEqual([
    'warmed',
    'missing',
    'warmed',
  ])
  const version = execFileSync('git', ['hash-object', source], { encoding: 'utf8' }).trim()
  const found = await fetch(`${url}/v1/workspaces/web/cache?path=parse.ts&layer=licences&version=${version}`)
  expect(found.headers.get('x-forewarm-outcome')).toBe('warmHit')
  expect(await found.json()).toEqual(LICENCES)

  const settings = { embedded: { file: join(folder, 'forewarm.db') }, warm: { plugins: [PLUGIN] } }
  const origin = join(folder, 'web')
  const threaded = await openForewarm({ workspace: 'web', origin, settings })
  const own = { embedded: settings.embedded }
  const inProcess = await openForewarm({ workspace: 'web', origin, settings: own, layers: ownLayers })
  for (const forewarm of [threaded, inProcess]) {
    const session = forewarm.reader.session({ analyzer: 'audit' })
    const read = async (path: string, wanted?: string) => {
      const bytes = await session.read(path, { layer: 'licences', version: wanted ?? null })
      return bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes))
    }
    expect(await read('parse.ts', version)).toEqual(LICENCES)
    expect(await read('walk.ts')).toEqual([])
    await forewarm.close()
  }
  await engines.close()
  expect(await up.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('a plugin that cannot be used ends the start with exit code 2 and says why', async () => {
  const folder = makeSite({ warm: { plugins: ['gone.mjs'] } })
  const up = spawnForewarm(['--config', 'settings.yaml', 'up'], { cwd: folder })
  expect(await up.exit()).toEqual({ code: 2, signal: null })
  expect(up.stderr()).toMatch(/FW_CONFIG_INVALID.*warm\.plugins: the layer plugin gone\.mjs cannot be used/s)
})
