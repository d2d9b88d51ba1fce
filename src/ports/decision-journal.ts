/** A file that a predictor holds worth a warm, with what it rests on. */
export type JournalEntry = {
  /** Event time of the read that it rests on, or of the clock's round; milliseconds since the Unix epoch. */
  readonly atMs: number
  readonly workspace: string
  /** Session of that read; null for the clock's. */
  readonly session: string | null
  readonly path: string
  /** 0..1 */
  readonly probability: number
  readonly reason: string
}

/**
 * Keeps what a predictor decides as it decides it, before anything says whether the command still pays: with the reads of
 * the same time (`forewarm record`, the log) others can judge the decisions afterwards, at whatever delay of warms.
 */
export interface DecisionJournal {
  note(entry: JournalEntry): void
  /** Resolves when everything noted is kept. */
  close(): Promise<void>
}
