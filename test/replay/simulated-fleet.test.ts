import { expect, test } from 'vitest'
import { distinctFilesOf } from '../../src/model/replay/trace.ts'
import { simulateFleet } from '../support/fleet/simulated.ts'
import { madeFleet } from './made-trace.ts'

const WORKSPACES = ['shop', 'docs', 'tools', 'mail', 'search', 'site']
const { trace } = madeFleet({ seed: 5, workspaces: WORKSPACES, sessions: 120, filesPerWorkspace: 120 })
const fleet = { capacityFiles: Math.round(distinctFilesOf(trace) / 4), latencyMs: 5, shards: 1 }

test('three predictors that share nothing but a store warm as well as one: at most a point of hit ratio apart', async () => {
  const one = await simulateFleet(trace, { ...fleet, predictors: 1 })
  const three = await simulateFleet(trace, { ...fleet, predictors: 3 })
  expect(one.hits / one.reads).toBeGreaterThan(0.8)
  expect(Math.abs(one.hits - three.hits) / one.reads).toBeLessThanOrEqual(0.01)
})
