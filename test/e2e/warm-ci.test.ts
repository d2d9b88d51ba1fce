import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { cliWorld, jsonLines } from '../support/cli.ts'
import { commitAll, djangoCheckout, notInCache } from '../support/django.ts'
import { slowdown } from '../support/slowdown.ts'

const WORKSPACE = 'django'
const CHANGED = 'django/urls/base.py'
/** What it imports then. */
const IMPORTED = ['django/core/exceptions.py', 'django/urls/resolvers.py', 'django/utils/functional.py']
const SOURCE = IMPORTED.map((path) => `import ${path.slice(0, -3).replaceAll('/', '.')}\n`).join('')

it('a cold run of CI with five seconds warms the changed files of a large repository and what they import', {
  timeout: 400_000,
}, async () => {
  const directory = await djangoCheckout()
  await writeFile(join(directory, CHANGED), SOURCE)
  await commitAll(directory, 'second')
  const { folder, writeBeside, run } = cliWorld()
  const file = join(folder, 'forewarm.sqlite')
  writeBeside({
    'forewarm.yaml': JSON.stringify({ workspaces: { [WORKSPACE]: { origin: { directory } } }, embedded: { file } }),
  })
  // Five seconds of a machine that does nothing else.
  const timeoutMs = Math.round(5_000 * slowdown())
  const ci = ['--strategy', 'ci', '--changed-since', 'HEAD~1', '--timeout', `${timeoutMs}ms`]
  const { stdout, stderr } = await run('--config', 'forewarm.yaml', 'warm', '--workspace', WORKSPACE, '--json', ...ci)
  const ended = jsonLines(stdout).findLast(({ type }) => type === 'ended')
  console.log(
    `ci within ${timeoutMs} ms, cold: ${ended?.['state']}, ${ended?.['files']} files, ${ended?.['tookMs']} ms; ${ended?.['why']}`,
  )
  expect(ended, stderr).toMatchObject({ files: expect.any(Number) })
  const settings = settingsFrom({ file: { name: 'test', text: JSON.stringify({ embedded: { file } }) } })
  const engines = openEngines(settings, { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  const paths = [CHANGED, ...IMPORTED]
  expect(await notInCache(engines.cache(), { workspace: WORKSPACE, directory, paths })).toEqual([])
  await engines.close()
})
