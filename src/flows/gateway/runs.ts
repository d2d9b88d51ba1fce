/** Runs as the gateway asks for them, shows them and ends them. */
import type { Clock } from '../../ports/clock.ts'
import type { Codec } from '../../ports/codec.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { EventAnswer, RunFiles, WarmWish, WorkspaceEvent } from '../../ports/gateway.ts'
import type { RunFile, RunReader, RunSummary } from '../../ports/runs.ts'
import type { Switches } from '../../ports/switches.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { NO_FIELDS, type Strategy, type StrategyFields } from '../../warming/strategy/strategy.ts'
import { NO_WISH, type RunWish, toWarmRequest } from '../../warming/strategy/to-run-spec.ts'
import { appendRequest, cancelOf, retryOf } from '../run-requests.ts'
import type { BoundedAppender } from './append.ts'
import { traceHeaders } from './publish.ts'

export type GatewayRunsDeps = {
  readonly appender: BoundedAppender
  readonly codec: Codec
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly runs: RunReader
  readonly switches: Pick<Switches, 'pauseOf'>
  readonly newId: () => string
  /** A strategy by its name, with what is stated for this once. Throws FW_STRATEGY_INVALID. */
  readonly strategy: (name: string, stated: StrategyFields) => Strategy
  /** The strategy that a workspace's settings name for an event, or null. */
  readonly triggered: (workspace: string, kind: WorkspaceEvent['kind']) => string | null
}

type RunName = { readonly workspace: string; readonly id: string }

type Origin = {
  readonly id: string
  readonly workspace: string
  readonly revision: string | null
  readonly requestedBy: string
}

/**
 * Asks for a run; resolves with its id once the wish is durable. Rejects with FW_STRATEGY_INVALID for a strategy that
 * nobody knows.
 */
export async function requestWarm(deps: GatewayRunsDeps, wish: WarmWish): Promise<{ readonly id: string }> {
  const { workspace, revision, requestedBy, paths, check } = wish
  const strategy = deps.strategy(wish.strategy, wish.stated)
  const origin = { id: wish.id ?? deps.newId(), workspace, revision, requestedBy }
  // What is stated for this run holds beside the paths; only the strategy's own priority files give way to them.
  const selectors = wish.stated.priorityFiles ?? []
  return ask(deps, strategy, { ...origin, wish: { ...NO_WISH, paths, selectors, check } })
}

/** The run that an event asks for; `changed` selectors are compared with the revision before it. */
export async function requestFor(
  deps: GatewayRunsDeps,
  { kind, workspace, id, revision, before, changes, requestedBy }: WorkspaceEvent,
): Promise<EventAnswer> {
  const name = deps.triggered(workspace, kind)
  if (name === null) return { id: null, why: `the settings name no strategy for a ${kind} in this workspace` }
  const paused = await pauseText(deps, workspace)
  if (paused !== null) return { id: null, why: paused }
  const strategy = deps.strategy(name, NO_FIELDS)
  const selectors = strategy.priorityFiles.map((one) =>
    one.kind === 'changed' && before !== null ? { ...one, value: before } : one,
  )
  const paths = changes.flatMap(({ path, version }) => (path === null || version === null ? [] : [path]))
  // A push that is told twice is one run; the same revision may be checked out again and again.
  const own = id ?? (kind === 'push' && revision !== null ? `push/${revision}` : deps.newId())
  const origin = { id: own, workspace, revision, requestedBy }
  return { ...(await ask(deps, strategy, { ...origin, wish: { ...NO_WISH, paths, selectors } })), why: '' }
}

/** Rejects with FW_RUN_UNKNOWN. */
export async function cancelRun(deps: GatewayRunsDeps, { workspace, id }: RunName, by: string): Promise<void> {
  await needRun(deps.runs, workspace, id)
  await appendRequest(logOf(deps), cancelOf({ workspace, id }, { by, atMs: deps.clock.now() }))
}

/** Asks once more for what a run has not warmed. Rejects with FW_RUN_UNKNOWN, and with FW_PAUSED. */
export async function retryRun(deps: GatewayRunsDeps, { workspace, id }: RunName, by: string) {
  const former = await needRun(deps.runs, workspace, id)
  const strategy = retryOf(former, (name) => deps.strategy(name, NO_FIELDS))
  const origin = { id: deps.newId(), workspace, revision: null, requestedBy: by }
  return ask(deps, strategy, { ...origin, wish: { ...NO_WISH, retryOf: id } })
}

/** Some files of a run in the order of its plan: `max` of them from place `from` on. */
export async function runFiles(
  { runs }: Pick<GatewayRunsDeps, 'runs'>,
  { workspace, id }: RunName,
  { from, max }: { readonly from: number; readonly max: number },
): Promise<RunFiles> {
  await needRun(runs, workspace, id)
  const files: RunFile[] = []
  let place = 0
  for await (const chunk of runs.files(workspace, id)) {
    const wanted = chunk.slice(Math.max(0, from - place), Math.max(0, from + max - place))
    files.push(...wanted)
    place += chunk.length
    if (place > from + max) return { files, next: from + max }
  }
  return { files, next: null }
}

async function needRun(runs: RunReader, workspace: string, id: string): Promise<RunSummary> {
  const found = await runs.show(workspace, id)
  if (found === null) throw new ForewarmError('FW_RUN_UNKNOWN', `the workspace has no run of this id`)
  return found
}

type Asked = Origin & { readonly wish: RunWish }

async function ask(deps: GatewayRunsDeps, strategy: Strategy, { wish, ...origin }: Asked) {
  const paused = await pauseText(deps, origin.workspace)
  if (paused !== null) throw new ForewarmError('FW_PAUSED', paused)
  const request = toWarmRequest(strategy, { ...origin, requestedAtMs: deps.clock.now() }, wish)
  await appendRequest(logOf(deps), request)
  return { id: origin.id }
}

async function pauseText({ switches }: GatewayRunsDeps, workspace: string): Promise<string | null> {
  const pause = await switches.pauseOf(workspace)
  if (pause === null) return null
  return `warming of ${pause.workspace === null ? 'all workspaces' : workspace} was paused by ${pause.by}`
}

const logOf = ({ appender, codec, telemetry }: GatewayRunsDeps) => ({
  log: appender,
  codec,
  headers: traceHeaders(telemetry),
})
