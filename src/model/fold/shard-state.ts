import { type Sha256Hex, shortId } from '../identity.ts'
import type { ModelLimits } from '../limits.ts'
import { DirtyRows } from './dirty-rows.ts'
import { WarmingEvidence } from './evidence.ts'
import { type FileRef, type FileRow, RefTable } from './file-ref.ts'
import { MinuteOutcomes } from './minutes.ts'
import { PredictionHeap } from './prediction.ts'
import type { Run } from './run.ts'
import type { ClosedSession, Profile, Session } from './session.ts'
import { FoldReport, type Group, newOutcomeTally, type OutcomeTally, Tallies } from './tallies.ts'
import { TouchList } from './touch-list.ts'

/**
 * The model of one shard in memory: all of its rows but the sequences of closed sessions. Only the functions of
 * src/model/fold change it; each change notes its row in `dirty`.
 */
export class ShardState {
  readonly limits: ModelLimits
  readonly sha256Hex: Sha256Hex
  /** Accesses folded. */
  touch = 0
  watermarkMs = 0
  outcomeWatermarkMs = 0
  /** Sessions closed. */
  closings = 0
  /** Predictions opened. */
  serials = 0
  runsStarted = 0
  /** Outcome files noted in `remembered`. */
  outcomesNoted = 0
  fileCount = 0
  revision: { version: string | null; atMs: number } | null = null
  readonly refs: RefTable
  readonly files = new TouchList<FileRow>()
  readonly sessions = new Map<string, Session>()
  readonly sessionOrder = new TouchList<Session>()
  /** Oldest first. */
  closed: ClosedSession[] = []
  readonly profiles = new Map<string, Profile>()
  /** In the order of their start. */
  readonly runs = new Map<string, Run>()
  /** Rows of answers of all runs, and those of the runs that are leaving. */
  answerChunks = 0
  leavingChunks = 0
  readonly predictions = new PredictionHeap()
  readonly tallies = new Tallies()
  readonly outcomes: Record<Group, OutcomeTally> = { treated: newOutcomeTally(), control: newOutcomeTally() }
  /** Outcomes of reads of treated files. */
  minutes = new MinuteOutcomes()
  evidence = new WarmingEvidence()
  /** Ids of the last outcome files, a ring: number n is in slot n modulo its size. */
  readonly rememberedSlots: string[] = []
  readonly remembered = new Set<string>()
  readonly dirty = new DirtyRows()
  report = new FoldReport()

  constructor(limits: ModelLimits, sha256Hex: Sha256Hex) {
    this.limits = limits
    this.sha256Hex = sha256Hex
    this.refs = new RefTable(sha256Hex)
  }

  /** Memory that the shard takes, in files: a row of answers takes about as much as four. */
  get weight(): number {
    return this.fileCount + 4 * this.answerChunks
  }

  shortId(name: string): string {
    return shortId(name, this.sha256Hex)
  }

  /** Takes what was counted for metrics since the last call. */
  takeReport(): FoldReport {
    const report = this.report
    this.report = new FoldReport()
    return report
  }

  /** Bounds the memory for files that are gone and named by nothing. */
  sweepRefs(): void {
    this.refs.sweep((mark) => this.#markUsed(mark))
  }

  #markUsed(mark: (ref: FileRef) => void): void {
    for (let file = this.files.oldest; file !== null; file = file.newer) {
      for (const ref of file.coAccess.refs) mark(ref)
      for (const ref of file.successors.refs) mark(ref)
    }
    for (const session of this.sessions.values()) {
      for (const ref of session.window) mark(ref)
      for (const ref of session.sequence) mark(ref)
      if (session.previous !== null) mark(session.previous)
    }
    for (const profile of this.profiles.values()) for (const ref of profile.files.keys()) mark(ref)
  }
}
