/** How far a run has come, as it is noted before its commands are issued: who takes a run over goes on from here. */

/** A command that was issued, or is about to be, and is not answered yet. */
export type OpenCommand = {
  /** Place of its first file in the plan. */
  readonly first: number
  readonly files: number
  /** Bytes that it may bring in at most. */
  readonly bytesMax: number
  /** When it was issued last, ms. */
  readonly issuedAtMs: number
  /** How often it was issued. */
  readonly tries: number
  /** Whether the log surely has it; what was noted before a process died may never have got there. */
  readonly isIssued: boolean
}

export type RunProgress = {
  readonly phase: 'warm' | 'check'
  /** First place that no command of this phase holds yet. */
  readonly next: number
  /** Places before it are this phase's work. */
  readonly until: number
  readonly open: readonly OpenCommand[]
}

/** A run that only checks begins with what is the second half of the others. */
export const firstProgress = (check: boolean, filesWithin: number): RunProgress => ({
  phase: check ? 'check' : 'warm',
  next: 0,
  until: filesWithin,
  open: [],
})

/** Id of the command of a run that begins at this place: the same command has the same id, however often it is issued. */
export const commandId = (runId: string, phase: RunProgress['phase'], first: number): string =>
  phase === 'check' ? `${runId}/c${first}` : `${runId}/${first}`

/** The progress once the log has these of its open commands. */
export const issued = (progress: RunProgress, issue: readonly OpenCommand[]): RunProgress => ({
  ...progress,
  open: progress.open.map((command) => (issue.includes(command) ? { ...command, isIssued: true } : command)),
})
