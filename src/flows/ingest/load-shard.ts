import type { ShardState } from '../../model/fold/shard-state.ts'
import { type Sha256Hex, shortId } from '../../model/identity.ts'
import type { ModelLimits } from '../../model/limits.ts'
import { ShardLoader } from '../../model/rows/load.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Codec } from '../../ports/codec.ts'
import type { EventLog } from '../../ports/event-log.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { Log, Telemetry } from '../../ports/telemetry.ts'

/** What ingest works with. */
export type IngestDeps = {
  readonly log: EventLog
  readonly store: ModelStore
  readonly codec: Codec
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly logger: Log
  readonly sha256Hex: Sha256Hex
  readonly limits: ModelLimits
  /** A word ([A-Za-z0-9_-], at most 64) that no process of this model has ever got before, e.g. a random UUID. */
  readonly nextMark: () => string
}

/** What folding works with, once records are decoded. */
export type FoldDeps = Omit<IngestDeps, 'log' | 'codec' | 'logger'>

type LoadDeps = Pick<IngestDeps, 'store' | 'limits' | 'sha256Hex'>

/** Reads a shard's rows. `noted`: there were any, so its key is known. */
export async function loadShard(
  { store, limits, sha256Hex }: LoadDeps,
  bucket: number,
  key: string,
): Promise<{ state: ShardState; noted: boolean }> {
  const shard = shortId(key, sha256Hex)
  const loader = new ShardLoader(limits, sha256Hex)
  let noted = false
  for await (const rows of store.scan({ bucket, shard, space: 'model' })) {
    for (const [row, value] of rows) loader.add(row, value)
    noted ||= rows.length > 0
  }
  const names = loader.sequenceRows()
  loader.addSequences(names.length === 0 ? [] : await store.get({ bucket, shard, space: 'sequences' }, names))
  return { state: loader.finish(), noted }
}
