/** What an HTTP front asks of the gateway's flow. Every call names its workspace; who may is the front's to decide. */
import type { AccessEvent, Change } from '../model/access.ts'
import type { WarmCommand } from '../warming/command.ts'
import type { StrategyFields } from '../warming/strategy/strategy.ts'
import type { CachePressure, CacheStats, PutResult } from './cache.ts'
import type { LiveView } from './live.ts'
import type { FileEvidence, Learned } from './model-reader.ts'
import type { SessionOutlook } from './outlook.ts'
import type { Patterns } from './patterns.ts'
import type { RunFile, RunSummary } from './runs.ts'
import type { Pause } from './switches.ts'

/** The log has all of it. */
export type Accepted = {
  readonly accepted: number
  readonly records: readonly { readonly partition: number; readonly offset: number }[]
}

/** A value of the cache as a client names it. */
export type WantedValue = {
  readonly workspace: string
  readonly path: string
  readonly layer: string
  /** Version of the code that makes the layer; null for that of this build. */
  readonly producer: string | null
  /** Content version, or null for the path's current one. */
  readonly version: string | null
}

export type Lookup =
  | {
      readonly outcome: 'hit' | 'warmHit'
      readonly version: string
      readonly value: Uint8Array
      /** Id of the warm command that put it there, on a warm hit. */
      readonly warmedBy: string | null
    }
  /** `stale`: not the wanted version, but the one that the path's pointer names is there. */
  | { readonly outcome: 'miss' | 'stale' }

/** What a client wishes to have warmed. */
export type WarmWish = {
  readonly id: string | null
  readonly workspace: string
  readonly strategy: string
  /** What is stated for this run in place of the strategy's own values. */
  readonly stated: StrategyFields
  readonly revision: string | null
  readonly paths: readonly string[]
  /** Only look which files are in the cache. */
  readonly check: boolean
  readonly requestedBy: string
}

/** Something happened to a workspace's files, by which the strategy that its settings name for it runs. */
export type WorkspaceEvent = {
  readonly kind: 'push' | 'checkout'
  readonly workspace: string
  /** Id of the run; null for one that follows from kind and revision where there is one. */
  readonly id: string | null
  readonly revision: string | null
  /** The revision before it: what `changed` selectors of the strategy are compared with, in place of their own base. */
  readonly before: string | null
  readonly changes: readonly Change[]
  readonly requestedBy: string
}

/** The run that follows from an event; null when none does, with the reason in words. */
export type EventAnswer = { readonly id: string | null; readonly why: string }

/** Files of a run from a place of its plan on. */
export type RunFiles = {
  readonly files: readonly RunFile[]
  /** The place after the last of them; null when the plan ends there. */
  readonly next: number | null
}

export type PredictedFile = {
  readonly path: string
  /** Calibrated probability of a read before the horizon, 0..1. */
  readonly probability: number
  readonly reason: string
  readonly expectedAtMs: number
}

export type Predictions = {
  /** What predict holds likely for the session now, before any cut-off; null where predict runs in another process. */
  readonly candidates: readonly PredictedFile[] | null
  /** What the predictor makes of each file at the session's latest read; null as above, or where none weighs. */
  readonly outlook: SessionOutlook | null
  /** The latest commands that were issued for the session, the newest first. */
  readonly commands: readonly WarmCommand[]
}

export type WorkspaceStatus = {
  readonly workspace: string
  /** What was learned of it and whether warming was right; null when nothing was. */
  readonly learned: Learned | null
  /** What its accuracy should be, and whether that of late is lower; null as long as too little was settled. */
  readonly accuracy: { readonly target: number; readonly isLow: boolean | null }
  readonly cache: CacheStats
  readonly pressure: CachePressure
  /** Pauses that hold for it: its own, and that of all workspaces. */
  readonly pauses: readonly Pause[]
  /** The layers that this deployment makes, with the versions of their producers. */
  readonly layers: readonly { readonly name: string; readonly version: string }[]
}

export interface GatewayOperations {
  /** Puts accesses on the log. Rejects with FW_OVERLOADED when too much waits already or the log is away. */
  publish(events: readonly AccessEvent[]): Promise<Accepted>
  changed(workspace: string, changes: readonly Change[]): Promise<Accepted>
  /**
   * Puts a warm request on the log; the same id twice is the same run. Rejects with FW_PAUSED, and with
   * FW_STRATEGY_INVALID for a strategy that is not there.
   */
  requestWarm(wish: WarmWish): Promise<{ readonly id: string }>
  /** Publishes what changed, and asks for the run that the workspace's settings name. */
  happened(event: WorkspaceEvent): Promise<EventAnswer>
  /** The runs that are kept of a workspace, the latest first. */
  runs(workspace: string): Promise<readonly RunSummary[]>
  run(workspace: string, id: string): Promise<RunSummary | null>
  /** Rejects with FW_RUN_UNKNOWN. */
  runFiles(workspace: string, id: string, page: { readonly from: number; readonly max: number }): Promise<RunFiles>
  /** Asks for the end of a run. Rejects with FW_RUN_UNKNOWN. */
  cancelRun(workspace: string, id: string, by: string): Promise<void>
  /** Asks for a run of what failed in another one. Rejects with FW_RUN_UNKNOWN and FW_PAUSED. */
  retryRun(workspace: string, id: string, by: string): Promise<{ readonly id: string }>
  /** Pauses warming of a workspace, or with null of all. */
  pause(workspace: string | null, by: string): Promise<void>
  resume(workspace: string | null): Promise<void>
  /** Looks a value up; a hit is a read, which renews its life. */
  lookup(wanted: WantedValue): Promise<Lookup>
  /** Puts a value there unless there is one. */
  fill(value: WantedValue & { readonly version: string }, bytes: Uint8Array): Promise<PutResult>
  /** What was learned of one file. */
  file(workspace: string, path: string): Promise<FileEvidence | null>
  predictions(workspace: string, session: string): Promise<Predictions>
  /** What was learned of all files together, at most `limit` of each kind; null for a workspace that nobody has read. */
  patterns(workspace: string, limit: number): Promise<Patterns | null>
  status(workspace: string): Promise<WorkspaceStatus>
  /** What is going on now; at most a second old. */
  live(workspace: string): Promise<LiveView>
  /** Names of the workspaces that the settings name or that somebody has read, in order. */
  workspaces(): Promise<readonly string[]>
  /** What is missing for this process to serve, in words; empty when nothing is. */
  missing(): Promise<readonly string[]>
}
