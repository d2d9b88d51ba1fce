/**
 * How fast one core folds and packs accesses, and how large the rows are: `node bench/fold.ts [accesses]`. Records of 55
 * accesses, sessions of about 600 over 20,000 files with a skewed choice, dirty rows packed whenever a write is full.
 */
import { createHash } from 'node:crypto'
import { eventSteps, foldEvent } from '../src/model/fold/fold-event.ts'
import { ShardState } from '../src/model/fold/shard-state.ts'
import { DEFAULT_LIMITS } from '../src/model/limits.ts'
import { takeDirtyRows } from '../src/model/rows/save.ts'

const FILES = 20_000
const PER_RECORD = 55
const SESSIONS = 16
const RECORDS_PER_BATCH = 100
const ROWS_MAX = 500

const accessesWanted = Number(process.argv[2] ?? 1_000_000)
const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A small generator with a seed, so that every run folds the same accesses (Mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const next = random(7)
const paths = Array.from({ length: FILES }, (_, at) => `packages/part-${at % 97}/src/module-${at}/index.ts`)

/** Walks in runs of neighbouring files, as analyzers do, from a skewed choice of places. */
function record(at: number, positions: number[]) {
  const lane = at % SESSIONS
  const round = Math.floor(at / SESSIONS / 11)
  if (next() < 0.3) positions[lane] = Math.floor(FILES * next() ** 2)
  const accesses = Array.from({ length: PER_RECORD }, (_, step) => {
    const place = ((positions[lane] ?? 0) + step + Math.floor(next() * 3)) % FILES
    const timeMs = 1_760_000_000_000 + at * 4_000 + step * 20
    return {
      path: paths[place] ?? '',
      timeMs,
      layer: 'content',
      version: null,
      outcome: 'hit',
      warmedBy: null,
    } as const
  })
  positions[lane] = (positions[lane] ?? 0) + PER_RECORD
  const session = `session-${lane}-${round}`
  const sequence = (Math.floor(at / SESSIONS) % 11) * PER_RECORD
  const head = { workspace: 'w', session, analyzer: `analyzer-${lane % 5}`, revision: null, publisher: 'p' }
  return { ...head, sequence, sessionEnded: false, forget: false, accesses, changes: [] }
}

const positions: number[] = Array.from({ length: SESSIONS }, () => Math.floor(FILES * next()))
const events = Array.from({ length: Math.ceil(accessesWanted / PER_RECORD) }, (_, at) => record(at, positions))
const state = new ShardState(DEFAULT_LIMITS, sha256Hex)
const sizes = { model: new Map<string, number>(), sequences: new Map<string, number>() }
let rowsWritten = 0
let bytesWritten = 0
let writes = 0

function save(): void {
  writes += 1
  for (const { space, row, value } of takeDirtyRows(state)) {
    rowsWritten += 1
    bytesWritten += value?.length ?? 0
    if (value === null) sizes[space].delete(row)
    else sizes[space].set(row, value.length)
  }
}

const startedAt = process.cpuUsage()
const startedMs = performance.now()
for (const [at, event] of events.entries()) {
  const steps = eventSteps(event)
  let from = foldEvent(state, event, { from: 0, rowsMax: ROWS_MAX })
  while (from < steps) {
    save()
    from = foldEvent(state, event, { from, rowsMax: ROWS_MAX })
  }
  if (at % RECORDS_PER_BATCH === RECORDS_PER_BATCH - 1) save()
}
save()
const seconds = (performance.now() - startedMs) / 1_000
const used = process.cpuUsage(startedAt)
const cpuSeconds = (used.user + used.system) / 1_000_000

const files = [...sizes.model].filter(([name]) => name.startsWith('f')).map(([, size]) => size)
const total = [...sizes.model.values(), ...sizes.sequences.values()].reduce((sum, size) => sum + size, 0)
console.log(
  JSON.stringify({
    accesses: state.touch,
    accessesPerSecond: Math.round(state.touch / seconds),
    accessesPerCpuSecond: Math.round(state.touch / cpuSeconds),
    writes,
    rowsPerAccess: Number((rowsWritten / state.touch).toFixed(2)),
    bytesPerAccess: Math.round(bytesWritten / state.touch),
    files: files.length,
    bytesPerFileRow: Math.round(files.reduce((sum, size) => sum + size, 0) / files.length),
    largestFileRow: Math.max(...files),
    bytesPerFileAllRows: Math.round(total / files.length),
  }),
)
