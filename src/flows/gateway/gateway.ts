/** The gateway's flow: what arrives checked from a front goes to the log, the cache or the models. */
import type { Change } from '../../model/access.ts'
import { shortId } from '../../model/identity.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { GatewayOperations, WorkspaceEvent } from '../../ports/gateway.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { Switches } from '../../ports/switches.ts'
import { patternsOf } from '../patterns.ts'
import type { Explained } from '../predict/outlook.ts'
import { pauseEverywhere, resumeEverywhere } from '../switches.ts'
import { type AppenderLimits, BoundedAppender } from './append.ts'
import { type CachedValuesDeps, fillValue, lookUpValue } from './cached-values.ts'
import { LiveWorkspaces } from './live/live.ts'
import { type PublishDeps, publishChanges, publishEvents } from './publish.ts'
import { recentCommands } from './recent-commands.ts'
import { cancelRun, type GatewayRunsDeps, requestFor, requestWarm, retryRun, runFiles } from './runs.ts'

export type GatewayDeps = Omit<PublishDeps, 'appender' | 'shards'> &
  Omit<GatewayRunsDeps, 'appender' | 'switches'> &
  Omit<CachedValuesDeps, 'valueBytesMax'> & {
    readonly log: EventLog
    readonly models: ModelReader
    readonly switches: Omit<Switches, 'paused'>
    /** Accuracy that a workspace wants at least, 0..1. */
    readonly accuracyTarget: (workspace: string) => number
    /** Names of the workspaces that the settings name. */
    readonly configured: readonly string[]
    /** Whether the model store can be reached now. */
    readonly modelsHealthy: () => Promise<boolean>
    /** What predict holds likely for a session, where it runs in this process; null when the session is not open. */
    readonly explain?: ((workspace: string, session: string) => Promise<Explained | null>) | undefined
  }

export type GatewayOptions = {
  readonly appender: AppenderLimits
  readonly valueBytesMax: number
  readonly shards: number
}

/** What callers of the gateway may ask for; what waits for the log is bounded by `options.appender`. */
export function createGateway(deps: GatewayDeps, options: GatewayOptions): GatewayOperations {
  const appender = new BoundedAppender(deps.log, deps.clock, options.appender)
  const publishing: PublishDeps = { ...deps, appender, shards: options.shards }
  const running: GatewayRunsDeps = { ...deps, appender }
  const values: CachedValuesDeps = { ...deps, valueBytesMax: options.valueBytesMax }
  const live = new LiveWorkspaces({ ...deps, shards: options.shards })
  return {
    publish: (events) => publishEvents(publishing, events),
    changed: (workspace, changes) => publishChanges(publishing, workspace, changes),
    requestWarm: (wish) => requestWarm(running, wish),
    happened: async (event) => {
      const changes = changesOf(event, deps.clock.now())
      if (changes.length > 0) await publishChanges(publishing, event.workspace, changes)
      return requestFor(running, event)
    },
    runs: (workspace) => deps.runs.list(workspace),
    run: (workspace, id) => deps.runs.show(workspace, id),
    runFiles: (workspace, id, page) => runFiles(deps, { workspace, id }, page),
    cancelRun: (workspace, id, by) => cancelRun(running, { workspace, id }, by),
    retryRun: (workspace, id, by) => retryRun(running, { workspace, id }, by),
    pause: (workspace, by) => pauseEverywhere(deps.switches, { workspace, by }, deps.clock),
    resume: (workspace) => resumeEverywhere(deps.switches, workspace, deps.clock),
    lookup: (wanted) => lookUpValue(values, wanted),
    fill: (value, bytes) => fillValue(values, value, bytes),
    file: (workspace, path) => deps.models.file(workspace, path),
    predictions: async (workspace, session) => ({
      ...((await deps.explain?.(workspace, session)) ?? { candidates: null, outlook: null }),
      commands: await recentCommands(deps.log, deps.codec, { workspace, session }),
    }),
    patterns: (workspace, limit) => patternsOf(deps.models, { workspace, nowMs: deps.clock.now(), limit }),
    status: (workspace) => statusOf(deps, workspace),
    live: (workspace) => live.view(workspace),
    workspaces: () => workspacesOf(deps),
    missing: () => missing(deps),
  }
}

async function workspacesOf({ models, configured }: GatewayDeps): Promise<readonly string[]> {
  const read = (await models.shardKeys()).map((key) => key.slice(0, key.lastIndexOf('#')))
  return [...new Set([...configured, ...read])].sort()
}

/** The files that changed, and the revision that is current since. */
const changesOf = ({ changes, revision }: WorkspaceEvent, nowMs: number): readonly Change[] =>
  revision === null ? changes : [...changes, { path: null, timeMs: nowMs, version: revision }]

async function statusOf(deps: GatewayDeps, workspace: string) {
  const { models, cache, switches, layers, sha256Hex } = deps
  const [learned, stats, pressure, pauses] = await Promise.all([
    models.learned(workspace),
    cache.stats(shortId(workspace, sha256Hex)),
    cache.pressure(),
    switches.list(),
  ])
  const ours = pauses.filter((pause) => pause.workspace === null || pause.workspace === workspace)
  const made = [...layers.values()].map(({ name, version }) => ({ name, version }))
  const target = deps.accuracyTarget(workspace)
  const recent = learned?.proof.recent ?? null
  const accuracy = { target, isLow: recent === null ? null : recent.accuracy < target }
  return { workspace, learned, accuracy, cache: stats, pressure, pauses: ours, layers: made }
}

async function missing({ log, cache, modelsHealthy }: GatewayDeps): Promise<readonly string[]> {
  const [hasLog, hasCache, hasModels] = await Promise.all([log.healthy(), cache.healthy(), modelsHealthy()])
  return [
    ...(hasLog ? [] : ['the event log does not answer']),
    ...(hasCache ? [] : ['the cache does not answer']),
    ...(hasModels ? [] : ['the model store does not answer']),
  ]
}
