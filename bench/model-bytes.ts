/**
 * Bytes of Redis memory for each file of a model whose rings and lists are full, all its rows included (sessions,
 * sequences, profiles), beside the bytes of the packed rows themselves: the rest is Redis's own.
 */

import { Redis } from 'ioredis'
import { sha256Hex } from '../src/adapters/digest.ts'
import { SILENT_LOG } from '../src/adapters/memory/telemetry.ts'
import { createSilentTelemetry } from '../src/adapters/telemetry/silent.ts'
import { openEngines } from '../src/compose/engines.ts'
import { eventSteps, foldEvent } from '../src/model/fold/fold-event.ts'
import { ShardState } from '../src/model/fold/shard-state.ts'
import { bucketOf, shortId } from '../src/model/identity.ts'
import { type ModelRow, takeDirtyRows } from '../src/model/rows/save.ts'
import { ROWS_PER_APPLY_MAX } from '../src/ports/model-store.ts'
import type { Bench, Round } from './report.ts'
import { openSite, type Site } from './servers.ts'
import { ACCESSES_PER_RECORD, accessEvents } from './workload.ts'

/** What the fold takes for each second, about. */
const FILES_PER_SECOND = 2_000
/** Most files are read more often than their ring of 50 is long. */
const READS_PER_FILE = 100
/** Long enough for files to be read at many hours of the week. */
const SPAN_MS = 14 * 86_400_000
const WORKSPACE = 'workspace-0'
const BYTES_MAX = 800

export const measureModelBytes: Bench = async ({ servers, seconds, progress }) => {
  const site = await openSite(servers)
  try {
    const filesPerWorkspace = Math.max(200, Math.round(seconds * FILES_PER_SECOND))
    const accesses = filesPerWorkspace * READS_PER_FILE
    const recordMs = Math.ceil((SPAN_MS * ACCESSES_PER_RECORD) / accesses)
    const state = new ShardState(site.settings().model.limits, sha256Hex)
    const rows = new Map<string, ModelRow>()
    for (const [at, event] of accessEvents({ accesses, workspaces: 1, filesPerWorkspace, recordMs }).entries()) {
      const steps = eventSteps(event)
      for (let from = 0; from < steps; ) from = foldEvent(state, event, { from, rowsMax: Number.MAX_SAFE_INTEGER })
      if (at % 1_000 === 0) keepDirty(state, rows)
    }
    keepDirty(state, rows)
    progress(`${state.fileCount} files, ${accesses} accesses, ${percentFull(state)} % of the rings are full`)
    const round = await store(site, [...rows.values()], state.fileCount)
    return [
      {
        measure: 'Redis memory of a model with full rings',
        unit: 'bytes/file',
        reference: 'its packed rows',
        rounds: [round],
        aims: [{ of: 'value', at: 'most', bound: BYTES_MAX }],
      },
    ]
  } finally {
    await site.remove()
  }
}

function keepDirty(state: ShardState, rows: Map<string, ModelRow>): void {
  for (const written of takeDirtyRows(state)) {
    const name = `${written.space} ${written.row}`
    if (written.value === null) rows.delete(name)
    else rows.set(name, written)
  }
}

function percentFull(state: ShardState): number {
  let full = 0
  for (let file = state.files.oldest; file !== null; file = file.newer) {
    if (file.timesMs.length === state.limits.accessTimesMax) full += 1
  }
  return Math.round((100 * full) / state.fileCount)
}

/** Writes the rows through the model store and sees by how much the memory of Redis grows. */
async function store(site: Site, rows: readonly ModelRow[], files: number): Promise<Round> {
  const engines = openEngines(site.settings(), { logger: SILENT_LOG, telemetry: createSilentTelemetry() })
  const redis = new Redis(site.modelRedisUrl)
  const used = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
  try {
    const key = `${WORKSPACE}#0`
    const place = { bucket: bucketOf(key), shard: shortId(key, sha256Hex) }
    const before = await used()
    for (let at = 0; at < rows.length; at += ROWS_PER_APPLY_MAX) {
      const some = rows.slice(at, at + ROWS_PER_APPLY_MAX).map((row) => ({ shard: place.shard, ...row }))
      const expected = at === 0 ? null : String(at)
      const change = { bucket: place.bucket, expected, next: String(at + ROWS_PER_APPLY_MAX), rows: some }
      const { applied } = await engines.store().apply(change)
      if (!applied) throw new Error('somebody else writes to this model')
    }
    const packed = rows.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    return { value: ((await used()) - before) / files, reference: packed / files }
  } finally {
    redis.disconnect()
    await engines.close()
  }
}
