import { expect, test } from 'vitest'
import { distinctFilesOf, type Trace } from '../../src/model/replay/trace.ts'
import { simulateFleet } from '../support/fleet/simulated.ts'
import { madeFleet, slowed, withOwnPaths } from './made-trace.ts'

const WORKSPACES = ['shop', 'docs', 'tools', 'mail', 'search', 'site']
const made = madeFleet({ seed: 5, workspaces: WORKSPACES, sessions: 120, filesPerWorkspace: 120 }).trace

async function hitRatios(trace: Trace, latencyMs: number): Promise<{ readonly one: number; readonly three: number }> {
  const fleet = { capacityFiles: Math.round(distinctFilesOf(trace) / 4), latencyMs, shards: 1 }
  const one = await simulateFleet(trace, { ...fleet, predictors: 1 })
  const three = await simulateFleet(trace, { ...fleet, predictors: 3 })
  return { one: one.hits / one.reads, three: three.hits / three.reads }
}

test('three predictors that share nothing but a store warm as well as one: at most a point of hit ratio apart', async () => {
  const { one, three } = await hitRatios(withOwnPaths(made), 5)
  expect(one).toBeGreaterThan(0.8)
  expect(Math.abs(one - three)).toBeLessThanOrEqual(0.01)
})

test('and so they do where workspaces tell each other what comes next, a whole fleet beginning at once', async () => {
  const [alike, apart] = [slowed(made, 10), slowed(withOwnPaths(made), 10)]
  const { one, three } = await hitRatios(alike, 100)
  // What is told across workspaces is worth far more here than what several lose of it.
  expect(one).toBeGreaterThan((await hitRatios(apart, 100)).one + 0.05)
  expect(Math.abs(one - three)).toBeLessThanOrEqual(0.01)
})
