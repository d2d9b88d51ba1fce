/**
 * Runs that nobody asks for by hand: at the times of a schedule, and when the deployment starts. Every predict process
 * fires them all: the id of a run follows from its cause, so that the same cause is the same run whoever was there.
 */
import { type Sha256Hex, shortId } from '../../model/identity.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { IsPaused } from '../../ports/switches.ts'
import type { Log } from '../../ports/telemetry.ts'
import type { WarmRequest } from '../../warming/command.ts'
import type { Strategy } from '../../warming/strategy/strategy.ts'
import { toWarmRequest } from '../../warming/strategy/to-run-spec.ts'

export type TriggerDeps = {
  readonly clock: Pick<Clock, 'now'>
  readonly store: Pick<ModelStore, 'shared' | 'share'>
  readonly append: (request: WarmRequest) => Promise<void>
  readonly paused: IsPaused
  readonly logger: Log
  readonly sha256Hex: Sha256Hex
  /** A time as ISO 8601 in UTC. */
  readonly isoTime: (timeMs: number) => string
}

/** What is to run where. */
export type Triggered = { readonly workspace: string; readonly strategy: Strategy }

export type Scheduled = Triggered & {
  /** The first time of the schedule after this one, ms; null when there is none any more. */
  readonly next: (afterMs: number) => number | null
}

export type TriggerPlan = { readonly schedules: readonly Scheduled[]; readonly atStart: readonly Triggered[] }

/** Times that passed so long before this process began are still kept: it may have been started again meanwhile. */
const CATCH_UP_MS = 60_000

/** How often a living process says so, where that matters to anybody. */
const ALIVE_MS = 60_000

/** A deployment of which nobody has been alive for so long starts anew. */
export const START_AFTER_MS = 3 * ALIVE_MS

/** The number changes with the value's form. */
const ALIVE_NAME = 'predict-alive-1'

/** As the wire has it. */
const ID_LENGTH_MAX = 128

export class Triggers {
  readonly #deps: TriggerDeps
  readonly #plan: TriggerPlan
  /** Up to when each schedule is done with, ms. */
  readonly #doneMs: number[]
  /** When this process last said that it is alive; null before it has begun. */
  #aliveMs: number | null = null

  constructor(deps: TriggerDeps, plan: TriggerPlan) {
    this.#deps = deps
    this.#plan = plan
    this.#doneMs = plan.schedules.map(() => deps.clock.now() - CATCH_UP_MS)
  }

  /** Fires what is due; call it every second. What could not be fired, the log being away, is due again. */
  async round(): Promise<void> {
    const nowMs = this.#deps.clock.now()
    if (this.#plan.atStart.length > 0) await this.#start(nowMs)
    for (const [at, schedule] of this.#plan.schedules.entries()) {
      const dueMs = lastDue(schedule, this.#doneMs[at] ?? nowMs, nowMs)
      if (dueMs === null) continue
      await this.#fire('schedule', schedule, dueMs)
      this.#doneMs[at] = dueMs
    }
  }

  /** Fires once when nobody has been alive for a while; a rolling restart, a crash or one process more is no start. */
  async #start(nowMs: number): Promise<void> {
    if (this.#aliveMs !== null && nowMs - this.#aliveMs < ALIVE_MS) return
    const { store } = this.#deps
    const known = await store.shared(ALIVE_NAME)
    const beforeMs = known === null ? 0 : Number(new TextDecoder().decode(known.value))
    if (this.#aliveMs === null && nowMs - beforeMs >= START_AFTER_MS) {
      // Others that start now have seen the same, and give the same id.
      const causeMs = beforeMs === 0 ? nowMs - (nowMs % START_AFTER_MS) : beforeMs + START_AFTER_MS
      for (const triggered of this.#plan.atStart) await this.#fire('start', triggered, causeMs)
    }
    await store.share(ALIVE_NAME, new TextEncoder().encode(String(nowMs)), known?.version ?? 0)
    this.#aliveMs = nowMs
  }

  async #fire(kind: 'schedule' | 'start', { workspace, strategy }: Triggered, atMs: number): Promise<void> {
    const { append, paused, logger, clock, sha256Hex, isoTime } = this.#deps
    const id = idOf(`${kind}/${workspace}/${strategy.name}`, isoTime(atMs), sha256Hex)
    if (paused(workspace)) return logger.info({ workspace, run: id }, 'warming is paused: a run is left out')
    const requestedAtMs = kind === 'schedule' ? atMs : clock.now()
    await append(toWarmRequest(strategy, { id, workspace, revision: null, requestedAtMs, requestedBy: kind }))
  }
}

/** The last time that is due; earlier ones that nobody has fired are passed over. */
function lastDue({ next }: Scheduled, doneMs: number, nowMs: number): number | null {
  let dueMs: number | null = null
  for (let atMs = next(doneMs); atMs !== null && atMs <= nowMs; atMs = next(atMs)) dueMs = atMs
  return dueMs
}

/** Names that are too long for an id stand in it by their digest. */
function idOf(cause: string, time: string, sha256Hex: Sha256Hex): string {
  const id = `${cause}/${time}`
  return id.length <= ID_LENGTH_MAX ? id : `${cause.slice(0, cause.indexOf('/'))}/${shortId(cause, sha256Hex)}/${time}`
}
