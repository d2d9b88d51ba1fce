/** What an HTTP front asks of the gateway's flow. Every call names its workspace; who may is the front's to decide. */
import type { AccessEvent, Change } from '../model/access.ts'
import type { WarmCommand } from '../warming/command.ts'
import type { CachePressure, CacheStats, PutResult } from './cache.ts'
import type { FileEvidence, Learned } from './model-reader.ts'
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
  readonly revision: string | null
  readonly paths: readonly string[]
  readonly layers: readonly string[]
  readonly withinMs: number
  readonly requestedBy: string
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
  /** The latest commands that were issued for the session, the newest first. */
  readonly commands: readonly WarmCommand[]
}

export type WorkspaceStatus = {
  readonly workspace: string
  /** What was learned of it and whether warming was right; null when nothing was. */
  readonly learned: Learned | null
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
  /** Puts a warm request on the log; the same id twice is the same run. Rejects with FW_PAUSED. */
  requestWarm(wish: WarmWish): Promise<{ readonly id: string }>
  /** Looks a value up; a hit is a read, which renews its life. */
  lookup(wanted: WantedValue): Promise<Lookup>
  /** Puts a value there unless there is one. */
  fill(value: WantedValue & { readonly version: string }, bytes: Uint8Array): Promise<PutResult>
  /** What was learned of one file. */
  file(workspace: string, path: string): Promise<FileEvidence | null>
  predictions(workspace: string, session: string): Promise<Predictions>
  status(workspace: string): Promise<WorkspaceStatus>
  /** What is missing for this process to serve, in words; empty when nothing is. */
  missing(): Promise<readonly string[]>
}
