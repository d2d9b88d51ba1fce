/** One read as a trace file tells it: `time_ms,workspace,session,path`. */
export type TraceRow = {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number
  readonly workspace: string
  readonly session: string
  readonly path: string
}
