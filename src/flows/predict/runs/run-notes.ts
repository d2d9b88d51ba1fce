/** The notes of runs: headers, plans, and how far each has come. */
import type { NoteStore } from '../../../ports/notes.ts'
import {
  chunkOf,
  decodeChunk,
  decodeHeader,
  decodePlanned,
  decodeProgress,
  encodeChunk,
  encodeHeader,
  encodePlanned,
  encodeProgress,
  endNote,
  headersOf,
  PLANNED_NOTE,
  PROGRESS_NOTE,
  planNote,
  runGroup,
  runsGroup,
} from '../../../warming/run/notes.ts'
import { PLAN_CHUNK, type PlanEntry, type Planned, RUNS_KEPT, type RunHeader } from '../../../warming/run/plan.ts'
import type { RunProgress } from '../../../warming/run/progress.ts'

/** Which run. */
export type RunName = { readonly workspace: string; readonly id: string }

export class RunNotes {
  readonly #notes: NoteStore

  constructor(notes: NoteStore) {
    this.#notes = notes
  }

  /** The header of a run as it is now; its end when it has ended. */
  async header({ workspace, id }: RunName): Promise<RunHeader | null> {
    const found = await this.#notes.get(runsGroup(workspace), [endNote(id), id])
    const bytes = found.find((value) => value !== null)
    return bytes == null ? null : decodeHeader(bytes)
  }

  async putHeader(header: RunHeader): Promise<void> {
    await this.#notes.put(runsGroup(header.workspace), [{ name: header.id, value: encodeHeader(header) }])
  }

  /** Ends a run unless it has ended already; returns the end that holds. */
  async end(header: RunHeader): Promise<RunHeader> {
    const isNew = await this.#notes.putNew(runsGroup(header.workspace), endNote(header.id), encodeHeader(header))
    return isNew ? header : ((await this.header(header)) ?? header)
  }

  async planned({ workspace, id }: RunName): Promise<Planned | null> {
    const [bytes] = await this.#notes.get(runGroup(workspace, id), [PLANNED_NOTE])
    return bytes == null ? null : decodePlanned(bytes)
  }

  /** Keeps a plan unless the run has one already; returns the one that holds. */
  async keepPlan(run: RunName, planned: Planned, entries: readonly PlanEntry[]): Promise<Planned> {
    const group = runGroup(run.workspace, run.id)
    for (let at = 0; at < entries.length; at += PLAN_CHUNK) {
      const value = encodeChunk(entries.slice(at, at + PLAN_CHUNK))
      await this.#notes.put(group, [{ name: planNote(planned.plan, chunkOf(at)), value }])
    }
    const isNew = await this.#notes.putNew(group, PLANNED_NOTE, encodePlanned(planned))
    return isNew ? planned : ((await this.planned(run)) ?? planned)
  }

  /** Entries `from` up to, but not with, `from + count` of a plan. */
  async entries(run: RunName, { plan }: Planned, places: { from: number; count: number }): Promise<PlanEntry[]> {
    const { from, count } = places
    const first = chunkOf(from)
    const names = Array.from({ length: chunkOf(from + count - 1) - first + 1 }, (_, at) => planNote(plan, first + at))
    const chunks = await this.#notes.get(runGroup(run.workspace, run.id), names)
    const entries = chunks.flatMap((bytes) => (bytes === null ? [] : decodeChunk(bytes)))
    return entries.slice(from - first * PLAN_CHUNK, from - first * PLAN_CHUNK + count)
  }

  async progress({ workspace, id }: RunName): Promise<RunProgress | null> {
    const [bytes] = await this.#notes.get(runGroup(workspace, id), [PROGRESS_NOTE])
    return bytes == null ? null : decodeProgress(bytes)
  }

  async putProgress({ workspace, id }: RunName, progress: RunProgress): Promise<void> {
    await this.#notes.put(runGroup(workspace, id), [{ name: PROGRESS_NOTE, value: encodeProgress(progress) }])
  }

  /** Headers of all runs that are kept of a workspace, the latest requested first. */
  async all(workspace: string): Promise<RunHeader[]> {
    const notes: (readonly [string, Uint8Array])[] = []
    for await (const chunk of this.#notes.scan(runsGroup(workspace))) notes.push(...chunk)
    return headersOf(notes)
  }

  /** Forgets the runs over the bound, those that were requested first. */
  async trim(workspace: string): Promise<void> {
    for (const { id } of (await this.all(workspace)).slice(RUNS_KEPT)) {
      await this.#notes.drop(runGroup(workspace, id))
      await this.#notes.put(
        runsGroup(workspace),
        [id, endNote(id)].map((name) => ({ name, value: null })),
      )
    }
  }
}
