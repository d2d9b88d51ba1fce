import type { Access, AccessEvent } from '../model/access.ts'
import type { Traceparent } from '../ports/telemetry.ts'
import type { AccessBuffer } from './access-buffer.ts'

/** Names one run of one analyzer over one revision of the workspace. */
export type SessionName = {
  readonly session: string
  readonly analyzer: string
  readonly revision: string | null
}

/** What a publisher knows of a session: under which id, and how far, it has numbered its accesses. */
export type SessionState = SessionName & {
  /** No two states share it, so a session that comes back is never taken for a re-sent one. */
  readonly publisher: string
  nextSequence: number
}

/** One thing that happened in a session; without access its end. */
export type Entry = {
  readonly state: SessionState
  readonly access: Access | null
  readonly traceparent: Traceparent | null
}

export type Batch = { readonly event: AccessEvent; readonly traceparents: readonly Traceparent[] }

type OpenBatch = { state: SessionState; accesses: Access[]; ended: boolean; traceparents: Set<Traceparent> }

export type CutBounds = {
  readonly workspace: string
  /** Accesses of one batch. */
  readonly accessesMax: number
  /** Entries taken from the buffer at once. */
  readonly entriesMax: number
}

/**
 * Takes entries from the buffer and makes batches of them, each of one session, in the order of their first entries.
 * Accesses get their numbers here and never again: a batch is sent as it is until it is through.
 */
export function cutBatches(buffer: AccessBuffer<Entry>, bounds: CutBounds): readonly Batch[] {
  const batches: OpenBatch[] = []
  const open = new Map<SessionState, OpenBatch>()
  for (let taken = 0; taken < bounds.entriesMax; taken += 1) {
    const entry = buffer.shift()
    if (entry === undefined) break
    const batch = openBatch(entry, open, batches)
    if (entry.access === null) batch.ended = true
    else batch.accesses.push(entry.access)
    if (entry.traceparent !== null) batch.traceparents.add(entry.traceparent)
    if (batch.accesses.length === bounds.accessesMax) open.delete(entry.state)
  }
  return batches.map((batch) => numbered(batch, bounds.workspace))
}

function openBatch({ state }: Entry, open: Map<SessionState, OpenBatch>, batches: OpenBatch[]): OpenBatch {
  const found = open.get(state)
  if (found !== undefined) return found
  const batch: OpenBatch = { state, accesses: [], ended: false, traceparents: new Set() }
  open.set(state, batch)
  batches.push(batch)
  return batch
}

function numbered({ state, accesses, ended, traceparents }: OpenBatch, workspace: string): Batch {
  const sequence = state.nextSequence
  state.nextSequence += accesses.length
  const { session, analyzer, revision, publisher } = state
  const name = { workspace, session, analyzer, revision, publisher, sequence }
  return {
    event: { ...name, sessionEnded: ended, forget: false, accesses, changes: [] },
    traceparents: [...traceparents],
  }
}
