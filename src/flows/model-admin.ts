import { dumpMerged, dumpShard, type FileDump, type ShardDump } from '../model/dump.ts'
import type { FileRow } from '../model/fold/file-ref.ts'
import type { ShardState } from '../model/fold/shard-state.ts'
import { bucketOf, type Sha256Hex, shardKey } from '../model/identity.ts'
import type { ModelLimits } from '../model/limits.ts'
import type { Codec } from '../ports/codec.ts'
import type { EventLog } from '../ports/event-log.ts'
import type { ModelStore } from '../ports/model-store.ts'
import { loadShard } from './ingest/load-shard.ts'

/** What the tools for models work with. */
export type ModelAdminDeps = {
  readonly log: EventLog
  readonly store: ModelStore
  readonly codec: Codec
  readonly sha256Hex: Sha256Hex
  readonly limits: ModelLimits
}

/** A workspace's model as it is stored. */
export type ModelDump = {
  /** What each shard counts beside its files, by key. */
  readonly shards: ReadonlyMap<string, ShardDump>
  /** All files, their shards added up, sorted by path. */
  readonly files: readonly FileDump[]
}

/** Names of all workspaces that have been learned, sorted. */
export async function listWorkspaces(store: ModelStore): Promise<readonly string[]> {
  const keys = await store.shardKeys()
  return [...new Set(keys.map((key) => key.slice(0, key.lastIndexOf('#'))))].sort()
}

/** Dumps a workspace's model. Shards that are written meanwhile may be of different moments. */
export async function dumpModel(deps: ModelAdminDeps, workspace: string): Promise<ModelDump> {
  const shards = new Map<string, ShardDump>()
  const rows = new Map<string, FileRow[]>()
  for (const key of keysOf(deps, workspace)) {
    const { state, noted } = await loadShard(deps, bucketOf(key), key)
    if (!noted) continue
    shards.set(key, dumpShard(state))
    collectFiles(rows, state)
  }
  const byPath = [...rows].sort(([one], [other]) => (one < other ? -1 : 1))
  return { shards, files: byPath.map(([, files]) => dumpMerged(files, deps.limits)) }
}

function collectFiles(rows: Map<string, FileRow[]>, state: ShardState): void {
  for (let file = state.files.oldest; file !== null; file = file.newer) {
    const known = rows.get(file.path)
    if (known === undefined) rows.set(file.path, [file])
    else known.push(file)
  }
}

/**
 * Has everything forgotten that was learned of a workspace: a record for each of its shards, which its owner folds like
 * any other, so that a rebuild forgets it too. Resolves when the log has them.
 */
export async function deleteModel(deps: ModelAdminDeps, workspace: string): Promise<void> {
  await appendMarkers(deps, workspace, { forget: true })
}

/**
 * Drops the stored model of a workspace, so that its owners fold it again from the log's start. A bucket is dropped
 * whole: other workspaces that share one are folded again with it. The owner notices by the missing fence; a record
 * that counts nothing makes sure that it looks.
 */
export async function rebuildModel(deps: ModelAdminDeps, workspace: string): Promise<void> {
  const buckets = new Set(keysOf(deps, workspace).map(bucketOf))
  for (const bucket of buckets) await deps.store.dropBucket(bucket)
  await appendMarkers(deps, workspace, { forget: false })
}

const keysOf = ({ limits }: ModelAdminDeps, workspace: string): string[] =>
  Array.from({ length: limits.shards }, (_, shard) => shardKey(workspace, shard))

async function appendMarkers(deps: ModelAdminDeps, workspace: string, { forget }: { forget: boolean }): Promise<void> {
  const value = await deps.codec.encode('access-events', {
    workspace,
    session: MARKER,
    analyzer: MARKER,
    revision: null,
    publisher: '',
    sequence: 0,
    sessionEnded: false,
    forget,
    accesses: [],
    changes: [],
  })
  const records = keysOf(deps, workspace).map((key) => ({ key, value, headers: new Map<string, string>() }))
  await deps.log.append('access-events', records)
}

/** Session and analyzer of records that no session sent. */
const MARKER = 'forewarm'
