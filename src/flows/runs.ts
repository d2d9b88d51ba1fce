import type { FoldedRuns } from '../ports/model-reader.ts'
import type { NoteStore } from '../ports/notes.ts'
import type { RunFile, RunReader, RunSummary } from '../ports/runs.ts'
import { fileEnd } from '../warming/run/file-end.ts'
import { hitRateAfter, hitRateBefore, type Minutes } from '../warming/run/hit-rate.ts'
import { decodeChunk, endNote, headersOf, planNote, runGroup, runsGroup } from '../warming/run/notes.ts'
import { PLAN_CHUNK, type PlanEntry, type RunHeader } from '../warming/run/plan.ts'
import { isForgotten, standingOf } from '../warming/run/summary.ts'

export type RunReaderDeps = { readonly notes: NoteStore; readonly folded: FoldedRuns }

/** Joins what predict has noted of runs with what ingest has folded of them. Reads anew at each call. */
export function createRunReader(deps: RunReaderDeps): RunReader {
  return {
    async list(workspace) {
      const notes: (readonly [string, Uint8Array])[] = []
      for await (const chunk of deps.notes.scan(runsGroup(workspace))) notes.push(...chunk)
      const minutes = await deps.folded.minutes(workspace)
      return Promise.all(headersOf(notes).map((header) => summaryOf(deps, header, minutes)))
    },
    async show(workspace, id) {
      const header = await headerOf(deps, workspace, id)
      return header === null ? null : summaryOf(deps, header, await deps.folded.minutes(workspace))
    },
    async *files(workspace, id) {
      const header = await headerOf(deps, workspace, id)
      if (header === null) return
      const forgotten = isForgotten(header, await deps.folded.run(workspace, id))
      for (let place = 0; place < (header.planned?.files ?? 0); place += PLAN_CHUNK) {
        const entries = await entriesAt(deps, header, place)
        // The run has just left the workspace's list, and its plan with it.
        if (entries === null) return
        yield await filesAt(deps, { header, forgotten }, { place, entries })
      }
    },
  }
}

async function headerOf({ notes }: RunReaderDeps, workspace: string, id: string): Promise<RunHeader | null> {
  const names = [id, endNote(id)]
  const found = await notes.get(runsGroup(workspace), names)
  const there = names.flatMap((name, at) => {
    const value = found[at]
    return value == null ? [] : [[name, value] as const]
  })
  return headersOf(there)[0] ?? null
}

async function summaryOf({ folded }: RunReaderDeps, header: RunHeader, minutes: Minutes): Promise<RunSummary> {
  const { id, workspace, requestedAtMs, planned, endedAtMs } = header
  const run = header.tally === null ? await folded.run(workspace, id) : null
  const { strategy, requestedBy, deadlineMs, state, why, batchSize } = header
  return {
    ...{ id, workspace, strategy, requestedBy, requestedAtMs, deadlineMs, state, why, batchSize, endedAtMs },
    files: planned?.files ?? null,
    startedAtMs: planned?.plannedAtMs ?? null,
    ...standingOf(header, run),
    hitRate: {
      before: hitRateBefore(minutes, requestedAtMs),
      after: endedAtMs === null ? null : hitRateAfter(minutes, endedAtMs),
    },
  }
}

async function entriesAt({ notes }: RunReaderDeps, header: RunHeader, place: number): Promise<PlanEntry[] | null> {
  const { workspace, id, planned } = header
  const [bytes] = await notes.get(runGroup(workspace, id), [planNote(planned?.plan ?? '', place / PLAN_CHUNK)])
  return bytes == null ? null : decodeChunk(bytes)
}

type Shown = { readonly header: RunHeader; readonly forgotten: boolean }
type PlanPart = { readonly place: number; readonly entries: readonly PlanEntry[] }

async function filesAt(
  { folded }: RunReaderDeps,
  { header, forgotten }: Shown,
  { place, entries }: PlanPart,
): Promise<RunFile[]> {
  const answers = await folded.runFiles(header, place, entries.length)
  return entries.map(({ path, layer, reason }, at): RunFile => {
    const end = fileEnd(header, place + at, answers[at] ?? null)
    const isWithin = place + at < (header.planned?.filesWithin ?? 0)
    return { path, layer, reason, ...end, ...(forgotten && isWithin ? FORGOTTEN : {}) }
  })
}

const FORGOTTEN = { outcome: 'forgotten', detail: '' } as const
