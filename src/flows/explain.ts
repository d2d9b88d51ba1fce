/** Why a file was, or was not, warmed: everything that is known of it, put together. Reads only. */

import { reversed } from '../dependencies/import-graph.ts'
import type { Sha256Hex } from '../model/identity.ts'
import type { WarmedFile } from '../model/outcome.ts'
import type { Cache, CachePressure } from '../ports/cache.ts'
import type { Codec } from '../ports/codec.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { EventLog, TopicPartition } from '../ports/event-log.ts'
import type { Layers } from '../ports/layer.ts'
import type { FileEvidence, ModelReader } from '../ports/model-reader.ts'
import type { Origins } from '../ports/origin.ts'
import type { RunFile, RunReader, RunSummary } from '../ports/runs.ts'
import type { Pause, Switches } from '../ports/switches.ts'
import { pointerKey, valueKey } from '../warming/cache-key.ts'
import type { ImportGraphs } from './graph/graph.ts'

export type ExplainDeps = {
  readonly log: EventLog
  readonly codec: Codec
  readonly cache: Cache
  readonly models: Pick<ModelReader, 'file'>
  readonly runs: RunReader
  readonly switches: Pick<Switches, 'list'>
  readonly origins: Origins
  readonly layers: Layers
  readonly sha256Hex: Sha256Hex
  readonly graphs: Pick<ImportGraphs, 'refresh'>
  /** Largest value of the cache, bytes. */
  readonly bytesMax: number
}

/** The file at its origin now. */
export type AtOrigin =
  | { readonly state: 'there'; readonly version: string; readonly bytes: number | null }
  | { readonly state: 'missing' | 'noWorkspace' }
  | { readonly state: 'denied' | 'tooLarge'; readonly detail: string }

export type InLayer = { readonly layer: string; readonly version: string; readonly isThere: boolean }

export type InRun = Pick<RunSummary, 'id' | 'strategy' | 'state' | 'requestedAtMs'> & {
  readonly files: readonly RunFile[]
}

export type InCommand = WarmedFile & {
  readonly commandId: string
  readonly runId: string | null
  readonly worker: string
  /** `check` only looked. */
  readonly mode: 'warm' | 'check'
  /** The highest memory pressure that the worker met, 0..1. */
  readonly pressure: number
}

export type Imports = { readonly imports: readonly string[]; readonly importedBy: readonly string[] }

export type Explanation = {
  readonly workspace: string
  readonly path: string
  readonly origin: AtOrigin
  readonly learned: FileEvidence | null
  /** By the import graph as the files are now; null where the origin cannot be listed. */
  readonly imports: Imports | null
  /** The current version in each layer; empty where no version is known. */
  readonly cache: readonly InLayer[]
  /** Version that changes of the workspace point to, for readers who know none. */
  readonly pointer: string | null
  /** The latest runs that planned it, the latest first. */
  readonly runs: readonly InRun[]
  /** What workers did with it last, the latest first. */
  readonly commands: readonly InCommand[]
  readonly pauses: readonly Pause[]
  readonly pressure: CachePressure
}

/** Runs that are looked through. */
const RUNS_MAX = 10

/** Records of each partition of warm-outcomes that are looked through, and outcomes that are told. */
const TAIL_RECORDS = 2_000
const COMMANDS_MAX = 10

export async function explainFile(
  deps: ExplainDeps,
  of: { readonly workspace: string; readonly path: string },
  signal: AbortSignal,
): Promise<Explanation> {
  const { workspace, path } = of
  const [origin, learned, imports, pointer, runs, commands, pauses, pressure] = await Promise.all([
    atOrigin(deps, of, signal),
    deps.models.file(workspace, path),
    importsOf(deps, of, signal),
    deps.cache.pointer(pointerKey(workspace, path, deps.sha256Hex)),
    runsOf(deps, of),
    lastOutcomes(deps, of),
    deps.switches.list(),
    deps.cache.pressure(),
  ])
  const version = origin.state === 'there' ? origin.version : pointer
  return {
    ...{ workspace, path, origin, learned, imports, pointer, runs, commands, pressure },
    cache: version === null ? [] : await inLayers(deps, of, version),
    pauses: pauses.filter((pause) => pause.workspace === null || pause.workspace === workspace),
  }
}

type File = { readonly workspace: string; readonly path: string }

async function atOrigin(
  { origins, bytesMax }: ExplainDeps,
  { workspace, path }: File,
  signal: AbortSignal,
): Promise<AtOrigin> {
  const origin = origins(workspace)
  if (origin === null) return { state: 'noWorkspace' }
  const read = await origin.read(path, { bytesMax, signal })
  switch (read.outcome) {
    case 'read':
      return { state: 'there', version: read.file.version, bytes: read.file.bytes.byteLength }
    case 'missing':
      return { state: 'missing' }
    case 'denied':
      return { state: 'denied', detail: read.detail }
    case 'tooLarge':
      return { state: 'tooLarge', detail: `${read.bytes} bytes` }
  }
}

async function importsOf(
  { origins, graphs }: ExplainDeps,
  { workspace, path }: File,
  signal: AbortSignal,
): Promise<Imports | null> {
  const origin = origins(workspace)
  if (origin === null) return null
  try {
    const { graph } = await graphs.refresh({ workspace, origin, signal })
    return { imports: graph.get(path) ?? [], importedBy: reversed(graph).get(path) ?? [] }
  } catch (cause) {
    if (cause instanceof ForewarmError && cause.code === 'FW_ORIGIN_UNLISTABLE') return null
    throw cause
  }
}

async function inLayers(
  { cache, layers, sha256Hex }: ExplainDeps,
  file: File,
  version: string,
): Promise<readonly InLayer[]> {
  const names = [...layers.values()].filter(({ handles }) => handles?.(file.path) !== false)
  const keys = names.map(({ name, version: producerVersion }) =>
    valueKey({ ...file, layer: name, producerVersion, version }, sha256Hex),
  )
  const there = await cache.has(keys)
  return names.map(({ name }, at) => ({ layer: name, version, isThere: there[at] === true }))
}

async function runsOf({ runs }: ExplainDeps, { workspace, path }: File): Promise<readonly InRun[]> {
  const found: InRun[] = []
  for (const { id, strategy, state, requestedAtMs } of (await runs.list(workspace)).slice(0, RUNS_MAX)) {
    const files: RunFile[] = []
    for await (const chunk of runs.files(workspace, id)) files.push(...chunk.filter((file) => file.path === path))
    if (files.length > 0) found.push({ id, strategy, state, requestedAtMs, files })
  }
  return found
}

async function lastOutcomes(deps: ExplainDeps, file: File): Promise<readonly InCommand[]> {
  const partitions = await deps.log.partitions('warm-outcomes')
  const tails = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => tailOf(deps, { topic: 'warm-outcomes', partition }, file)),
  )
  return tails
    .flat()
    .sort((left, right) => right.finishedAtMs - left.finishedAtMs)
    .slice(0, COMMANDS_MAX)
}

async function tailOf(
  { log, codec }: ExplainDeps,
  partition: TopicPartition,
  file: File,
): Promise<readonly InCommand[]> {
  const { first, end } = await log.bounds(partition)
  const from = Math.max(first, end - TAIL_RECORDS)
  const found: InCommand[] = []
  if (from >= end) return found
  for await (const record of log.read(partition, from)) {
    const decoded = await codec.decode('warm-outcomes', record.value)
    if (!decoded.ok || decoded.value.workspace !== file.workspace) continue
    const { commandId, runId, worker, mode, pressure, files } = decoded.value
    const own = files.filter(({ path }) => path === file.path)
    found.push(...own.map((one) => ({ ...one, commandId, runId, worker, mode, pressure })))
  }
  return found
}
