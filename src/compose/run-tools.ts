/** What commands and programs that ask for runs work with. */
import type { Settings } from '../config/schema.ts'
import type { FollowedPlan } from '../flows/predict/runs/planner.ts'
import { appendRequest } from '../flows/run-requests.ts'
import type { Clock } from '../ports/clock.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import type { RunReader } from '../ports/runs.ts'
import type { Switches } from '../ports/switches.ts'
import type { WarmRequest } from '../warming/command.ts'
import { modelReader, type Parts, runReader } from './parts.ts'
import { createRunHost, type RunHost } from './run-host.ts'
import { openPlanner } from './runs.ts'
import { openSwitches } from './switches.ts'
import { withParts } from './tools.ts'

/** A plan that takes longer is given up, milliseconds. */
const PLAN_MS = 300_000

export type RunTools = {
  readonly clock: Clock
  readonly runs: RunReader
  readonly models: ModelReader
  readonly switches: Switches
  /** Whoever carries runs out: other processes, or this one. */
  readonly host: RunHost
  append(request: WarmRequest): Promise<void>
  /** What a request would warm; nothing is appended or noted. */
  plan(request: WarmRequest): Promise<FollowedPlan>
}

/**
 * Lends the tools to `work`; what runs in this process for it is stopped in order at its end. Logs errors only. `prepare`
 * may put something between the parts and whoever uses them.
 */
export const withRuns = <Result>(
  settings: Settings,
  work: (tools: RunTools) => Promise<Result>,
  prepare: (parts: Parts) => Parts = (parts) => parts,
): Promise<Result> => withParts(settings, (parts) => lend(prepare(parts), work), 'error')

async function lend<Result>(parts: Parts, work: (tools: RunTools) => Promise<Result>): Promise<Result> {
  const { log, codec, clock } = parts.engines
  const host = createRunHost(parts)
  const tools: RunTools = {
    clock,
    host,
    runs: runReader(parts),
    models: modelReader(parts),
    switches: openSwitches(parts).switches,
    append: (request) => appendRequest({ log, codec }, request),
    plan: (request) => plan(parts, request),
  }
  try {
    return await Promise.race([work(tools), host.failed])
  } finally {
    await host.stop()
  }
}

async function plan(parts: Parts, request: WarmRequest): Promise<FollowedPlan> {
  if (request.spec === null) throw new Error('a request without a spec is planned by the settings of predict')
  const { planner } = await openPlanner(parts, modelReader(parts))
  return planner.plan(request, request.spec, AbortSignal.timeout(PLAN_MS))
}
