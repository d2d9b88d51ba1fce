/** Runs at times and at the start, as the settings have them, fired by each process that plans runs. */

import { availableParallelism } from 'node:os'
import { Cron } from 'croner'
import { sha256Hex } from '../adapters/digest.ts'
import type { Settings } from '../config/schema.ts'
import { needStrategy, schedulesOf } from '../config/strategies.ts'
import { type TriggerPlan, Triggers } from '../flows/predict/triggers.ts'
import { appendRequest } from '../flows/run-requests.ts'
import type { IsPaused } from '../ports/switches.ts'
import type { Parts } from './parts.ts'
import { withRounds } from './rounds.ts'
import type { Stage } from './stage.ts'

/** The finest that a schedule can be. */
const ROUND_MS = 1_000

/** A stage that fires them as long as it runs; as it is where the settings have none. */
export function withTriggers<Running extends Stage>(parts: Parts, stage: Running, paused: IsPaused): Running {
  const { settings, engines, logger } = parts
  const { clock, log, codec } = engines
  const plan = triggerPlan(settings)
  if (plan.schedules.length + plan.atStart.length === 0) return stage
  const append = (request: Parameters<typeof appendRequest>[1]) => appendRequest({ log, codec }, request)
  const isoTime = (timeMs: number) => new Date(timeMs).toISOString()
  const triggers = new Triggers({ clock, store: engines.store(), append, paused, logger, sha256Hex, isoTime }, plan)
  return withRounds(parts, stage, { name: 'schedules', everyMs: ROUND_MS, round: () => triggers.round() })
}

function triggerPlan(settings: Settings): TriggerPlan {
  const strategy = (name: string) => needStrategy(settings, name, availableParallelism())
  return {
    schedules: schedulesOf(settings).map((one) => {
      const times = new Cron(one.cron, { timezone: one.timeZone, paused: true })
      const next = (afterMs: number) => times.nextRun(new Date(afterMs))?.getTime() ?? null
      return { workspace: one.workspace, strategy: strategy(one.strategy), next }
    }),
    atStart: [...settings.workspaces].flatMap(([workspace, { atStart }]) =>
      atStart.map((name) => ({ workspace, strategy: strategy(name) })),
    ),
  }
}
