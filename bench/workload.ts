/** Sessions as analyzers make them: walks through runs of neighbouring files from a skewed choice of places. */
import type { AccessEvent } from '../src/model/access.ts'

export const ACCESSES_PER_RECORD = 55
/** A session has so many records: about 600 accesses. */
const RECORDS_PER_SESSION = 11
/** Sessions that go on side by side. */
const LANES = 16
const STARTED_MS = 1_760_000_000_000

export type Workload = {
  readonly accesses: number
  readonly workspaces: number
  readonly filesPerWorkspace: number
  /** Time from one record to the next, 4 s unless told. */
  readonly recordMs?: number
}

/** A small generator with a seed, so that every run has the same accesses (Mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Records in the order of the log. A session stays in one workspace; sessions of all workspaces take turns. */
export function accessEvents({ accesses, workspaces, filesPerWorkspace, recordMs = 4_000 }: Workload): AccessEvent[] {
  const next = random(7)
  const paths = Array.from(
    { length: filesPerWorkspace },
    (_, at) => `packages/part-${at % 97}/src/module-${at}/index.ts`,
  )
  const places = Array.from({ length: LANES }, () => Math.floor(filesPerWorkspace * next()))
  return Array.from({ length: Math.ceil(accesses / ACCESSES_PER_RECORD) }, (_, at) => {
    const lane = at % LANES
    const turn = Math.floor(at / LANES)
    if (next() < 0.3) places[lane] = Math.floor(filesPerWorkspace * next() ** 2)
    const from = places[lane] ?? 0
    places[lane] = from + ACCESSES_PER_RECORD
    const pathAt = (step: number) => paths[(from + step + Math.floor(next() * 3)) % filesPerWorkspace] ?? ''
    return {
      workspace: `workspace-${lane % workspaces}`,
      session: `session-${lane}-${Math.floor(turn / RECORDS_PER_SESSION)}`,
      analyzer: `analyzer-${lane % 5}`,
      revision: null,
      publisher: 'bench',
      sequence: (turn % RECORDS_PER_SESSION) * ACCESSES_PER_RECORD,
      sessionEnded: false,
      forget: false,
      accesses: Array.from({ length: ACCESSES_PER_RECORD }, (_, step) => ({
        path: pathAt(step),
        timeMs: STARTED_MS + at * recordMs + step * 20,
        layer: 'content',
        version: null,
        outcome: 'hit' as const,
        warmedBy: null,
      })),
      changes: [],
    }
  })
}
