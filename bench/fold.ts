/** Accesses that one core folds and packs into rows for each second of its time, beside decoding the same records. */
import { sha256Hex } from '../src/adapters/digest.ts'
import { eventSteps, foldEvent } from '../src/model/fold/fold-event.ts'
import { ShardState } from '../src/model/fold/shard-state.ts'
import { DEFAULT_LIMITS } from '../src/model/limits.ts'
import { takeDirtyRows } from '../src/model/rows/save.ts'
import { ROWS_PER_APPLY_MAX } from '../src/ports/model-store.ts'
import { createEmbeddedCodec } from '../src/wire/embedded-codec.ts'
import { FRAME_BYTES } from '../src/wire/framing.ts'
import { loadSchema } from '../src/wire/load-schema.ts'
import type { Bench } from './report.ts'
import { ACCESSES_PER_RECORD, accessEvents } from './workload.ts'

/** What one round holds for each second that it may take, about. */
const ACCESSES_PER_SECOND = 40_000
const FILES = 20_000
/** Records after which dirty rows are packed although a write would not be full. */
const RECORDS_PER_BATCH = 100

export const measureFold: Bench = async ({ seconds, rounds, progress }) => {
  const wanted = Math.ceil(seconds * ACCESSES_PER_SECOND)
  const events = accessEvents({ accesses: wanted, workspaces: 1, filesPerWorkspace: FILES })
  const accesses = events.length * ACCESSES_PER_RECORD
  const codec = createEmbeddedCodec()
  const records = await Promise.all(events.map((event) => codec.encode('access-events', event)))
  const { type } = loadSchema('access-event.v1.avsc')
  const decode = () => {
    for (const record of records) type.fromBuffer(Buffer.from(record.subarray(FRAME_BYTES)))
  }
  let written = { rows: 0, bytes: 0 }
  const fold = () => {
    written = foldAll(events)
  }
  const measured = Array.from({ length: rounds }, () => ({
    reference: accesses / processorSecondsOf(decode),
    value: accesses / processorSecondsOf(fold),
  }))
  const [rows, bytes] = [written.rows / accesses, written.bytes / accesses]
  progress(`${rows.toFixed(2)} rows and ${bytes.toFixed(0)} bytes are written for an access`)
  return [{ measure: 'fold and pack', unit: 'accesses/CPU s', reference: 'Avro decode', rounds: measured }]
}

function processorSecondsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000_000
}

function foldAll(events: ReturnType<typeof accessEvents>): { rows: number; bytes: number } {
  const state = new ShardState(DEFAULT_LIMITS, sha256Hex)
  const written = { rows: 0, bytes: 0 }
  const save = () => {
    for (const { value } of takeDirtyRows(state)) {
      written.rows += 1
      written.bytes += value?.length ?? 0
    }
  }
  for (const [at, event] of events.entries()) {
    const steps = eventSteps(event)
    let from = foldEvent(state, event, { from: 0, rowsMax: ROWS_PER_APPLY_MAX })
    while (from < steps) {
      save()
      from = foldEvent(state, event, { from, rowsMax: ROWS_PER_APPLY_MAX })
    }
    if (at % RECORDS_PER_BATCH === RECORDS_PER_BATCH - 1) save()
  }
  save()
  return written
}
