/** A recorded access log in memory: columns over rows, with small integers for files and sessions. */
export type Trace = {
  readonly timeMs: Float64Array
  readonly file: Int32Array
  readonly session: Int32Array
  readonly files: readonly TraceFile[]
  readonly sessions: readonly TraceSession[]
}

export type TraceFile = { readonly workspace: string; readonly path: string }
export type TraceSession = { readonly workspace: string; readonly id: string; readonly analyzer: string }
export type TraceRow = {
  readonly timeMs: number
  readonly workspace: string
  readonly session: string
  readonly path: string
}

/** The first `rows` rows of a trace, as if nothing had followed (ids keep their meaning). */
export function prefixOf(trace: Trace, rows: number): Trace {
  const timeMs = trace.timeMs.slice(0, rows)
  return { ...trace, timeMs, file: trace.file.slice(0, rows), session: trace.session.slice(0, rows) }
}

/** Distinct files that the rows read: what a capacity in percent is a share of. */
export function distinctFilesOf(trace: Trace): number {
  return new Set(trace.file).size
}

/** `10%` of the trace's distinct files, or a number of files, as the judge reads it; NaN when it is neither. */
export function capacityOf(text: string, distinctFiles: number): number {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)
  const files = share ? Math.max(1, Math.round((distinctFiles * Number(share[1])) / 100)) : Number(text)
  return Number.isInteger(files) && files >= 1 ? files : Number.NaN
}
