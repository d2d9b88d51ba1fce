import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../../src/adapters/telemetry/silent.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { appendTraffic, LIMIT_VARIABLES } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { spawnForewarm } from '../support/process.ts'
import { createTraffic, newSeed, WORKSPACES } from '../support/traffic.ts'
import { compareWithOracle, drained, missingRecords, reachedRecords, readLog } from '../support/whole-model.ts'

const KILLS = 5
const RECORDS_PER_LIFE = 150

it('forewarm up, killed with -9 again and again, keeps what it learned and counts each access once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-embedded-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const env = {
    FOREWARM_EMBEDDED__FILE: join(folder, 'forewarm.sqlite'),
    FOREWARM_GATEWAY__PORT: '0',
    FOREWARM_INGEST__BATCH_RECORDS_MAX: '20',
    ...LIMIT_VARIABLES,
  }
  const settings = settingsFrom({ environment: new Map(Object.entries(env)) })
  const engines = openEngines(settings, { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  onTestFinished(() => engines.close())
  const { log, codec } = engines
  const model = { log, codec, store: engines.store(), sha256Hex, limits: settings.model.limits }
  const traffic = createTraffic(newSeed())
  const start = () => {
    const up = spawnForewarm(['up'], { env, cwd: folder })
    onTestFinished(async () => {
      await up.kill()
    })
    return up
  }
  const left: number[] = []
  for (let life = 0; life < KILLS; life += 1) {
    const before = await reachedRecords(model)
    await appendTraffic(engines, traffic.take(RECORDS_PER_LIFE))
    const up = start()
    await eventually(
      () => reachedRecords(model),
      (reached) => reached > before,
      { what: `progress in life ${life}`, everyMs: 1 },
    )
    await up.kill()
    expect(await reachedRecords(model)).toBeGreaterThan(before)
    left.push((await missingRecords(model, await readLog(model))).length)
  }
  console.log(`records left at each kill: ${left.join(' ')}`)
  expect(Math.max(...left)).toBeGreaterThan(0)
  const last = start()
  await drained(model, 120_000)
  const compared = await compareWithOracle(model)
  expect(compared.workspaces).toBe(WORKSPACES.length)
  expect(await last.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})
