import type { FileRef } from './file-ref.ts'
import type { Session } from './session.ts'

/** The rows that differ from the stored ones. Small rows of which there is one are not counted apart. */
export class DirtyRows {
  files: FileRef[] = []
  predictions: FileRef[] = []
  /** By session id: an open one is written, another one deleted. */
  sessions = new Set<string>()
  profiles = new Set<string>()
  runs = new Set<string>()
  /** Chunks of answers by run id: those that are there are written, others deleted. */
  answers = new Map<string, Set<number>>()
  /** Entries of `answers`. */
  answerRows = 0
  /** Sequence rows of sessions that are closed; null deletes. */
  sequences = new Map<string, Uint8Array | null>()
  /** Rows of the open sessions' sequences. */
  openChunks = 0
  rememberedChunks = new Set<number>()
  header = false
  closed = false
  revision = false
  minutes = false
  evidence = false

  /** Rows to write at the most. */
  get count(): number {
    const lists = this.files.length + this.predictions.length + this.sequences.size + this.openChunks + this.answerRows
    const sets = this.sessions.size + this.profiles.size + this.runs.size + this.rememberedChunks.size
    const singles = [this.header, this.closed, this.revision, this.minutes, this.evidence]
    return lists + sets + singles.filter((dirty) => dirty).length
  }

  file(ref: FileRef): void {
    if (ref.rowDirty) return
    ref.rowDirty = true
    this.files.push(ref)
  }

  predictionsOf(ref: FileRef): void {
    if (ref.predictionsDirty) return
    ref.predictionsDirty = true
    this.predictions.push(ref)
  }

  session(session: Session): void {
    if (session.dirty) return
    session.dirty = true
    this.sessions.add(session.id)
  }

  answersOf(run: string, chunk: number): void {
    const chunks = this.answers.get(run) ?? new Set<number>()
    this.answers.set(run, chunks)
    if (chunks.has(chunk)) return
    chunks.add(chunk)
    this.answerRows += 1
  }

  clear(): void {
    for (const ref of this.files) ref.rowDirty = false
    for (const ref of this.predictions) ref.predictionsDirty = false
    this.files = []
    this.predictions = []
    this.sessions.clear()
    this.profiles.clear()
    this.runs.clear()
    this.answers.clear()
    this.answerRows = 0
    this.sequences.clear()
    this.rememberedChunks.clear()
    this.openChunks = 0
    this.header = false
    this.closed = false
    this.revision = false
    this.minutes = false
    this.evidence = false
  }
}
