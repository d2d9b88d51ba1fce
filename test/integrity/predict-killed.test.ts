import { expect, it, onTestFinished } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { SharedLog } from '../../src/flows/predict/shared-log.ts'
import { Scorer } from '../../src/model/prediction/scorer.ts'
import { SharedWeights } from '../../src/model/prediction/shared-weights.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import type { TrafficRecord } from '../support/traffic.ts'

const FILES = 80
const SESSIONS = 30
const START = 1_760_000_000_000

/** A cache so small that predictions are settled, and learned from, while one looks on. */
const SMALL = { FOREWARM_PREDICT__CACHE_FILES: '60' } as const

/** Two analyzers take turns over files of their own. */
function sessionsOf(workspace: string): TrafficRecord[] {
  return Array.from({ length: SESSIONS }, (_, nth) => {
    const analyzer = nth % 2 === 0 ? 'lint' : 'types'
    const accesses = Array.from({ length: FILES }, (_, at) => ({
      ...{ path: `${analyzer}/${at}`, timeMs: START + nth * 60_000 + at * 20, layer: 'content', version: null },
      ...{ outcome: 'unknown' as const, warmedBy: null },
    }))
    const value = {
      ...{ workspace, session: `${analyzer}-${nth}`, analyzer, revision: null, publisher: 'test', sequence: 0 },
      ...{ sessionEnded: true, forget: false, accesses, changes: [] },
    }
    return { topic: 'access-events', key: `${workspace}#0`, value }
  })
}

/** All evidence that the weights in the store rest on. */
async function learned(store: ModelStore): Promise<number> {
  const { learned } = new Scorer()
  await new SharedLog(
    { notes: store.notes, logger: SILENT_LOG },
    { name: 'scorer-weights', wholeEvery: 32 },
    new SharedWeights(learned),
  ).sync()
  return learned.tables.reduce((sum, { evidence }) => sum + evidence.reduce((inner, value) => inner + value, 0), 0)
}

async function deployed(workspaces: readonly string[]): Promise<Deployment> {
  const deployment = await deploy()
  onTestFinished(deployment.close)
  for (const workspace of workspaces) await deployment.append(sessionsOf(workspace))
  return deployment
}

/** One of many tells its weights twice a second: after so long without a change there is nothing more to tell. */
const QUIET_MS = 5_000

/** Waits until nothing more is told. */
async function settled(store: ModelStore): Promise<number> {
  let [before, sinceMs] = [0, performance.now()]
  return eventually(
    async () => {
      const now = await learned(store)
      if (now !== before) [before, sinceMs] = [now, performance.now()]
      return now
    },
    (now) => now > 0 && performance.now() - sinceMs > QUIET_MS,
    { what: 'an end of learning', withinMs: 120_000, everyMs: 250 },
  )
}

it('what a predict process has learned outlives its kill, and its successor learns on', async () => {
  const [calm, deployment] = [await deployed(['acme/web']), await deployed(['acme/web'])]
  const store = deployment.engines.store()
  const stopped = await calm.start('predict', SMALL)
  const killed = await deployment.start('predict', SMALL)
  await settled(calm.engines.store())
  expect(await stopped.kill('SIGTERM')).toMatchObject({ code: 0 })
  const whole = await learned(calm.engines.store())
  // Rounded as it was told, at other moments.
  const before = await eventually(
    () => learned(store),
    (now) => now > whole * 0.95,
    { what: 'as much as one that ends in order tells', withinMs: 120_000, everyMs: 250 },
  )
  await killed.kill()

  await deployment.append(sessionsOf('acme/api'))
  await deployment.start('predict', SMALL)
  const after = await eventually(
    () => learned(store),
    (now) => now > before * 1.2,
    { what: 'what the successor learned', withinMs: 120_000, everyMs: 500 },
  )
  expect(after).toBeGreaterThan(before)
})
