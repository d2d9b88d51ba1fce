import { analyzerOfSession } from '../prediction/predictor.ts'
import type { Trace, TraceFile, TraceRow, TraceSession } from './trace.ts'

/** Numbers the names of rows that arrive in time order. */
export class TraceBuilder {
  readonly #timeMs: number[] = []
  readonly #file: number[] = []
  readonly #session: number[] = []
  readonly #files = new Map<string, Map<string, number>>()
  readonly #fileList: TraceFile[] = []
  readonly #sessions = new Map<string, Map<string, number>>()
  readonly #sessionList: TraceSession[] = []

  get rows(): number {
    return this.#timeMs.length
  }

  get lastTimeMs(): number {
    return this.#timeMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  add(row: TraceRow): void {
    this.#timeMs.push(row.timeMs)
    this.#file.push(this.#fileOf(row.workspace, row.path))
    this.#session.push(this.#sessionOf(row.workspace, row.session))
  }

  build(): Trace {
    return {
      timeMs: Float64Array.from(this.#timeMs),
      file: Int32Array.from(this.#file),
      session: Int32Array.from(this.#session),
      files: this.#fileList,
      sessions: this.#sessionList,
    }
  }

  #fileOf(workspace: string, path: string): number {
    const known = inner(this.#files, workspace)
    const id = known.get(path)
    if (id !== undefined) return id
    known.set(path, this.#fileList.length)
    return this.#fileList.push({ workspace, path }) - 1
  }

  #sessionOf(workspace: string, session: string): number {
    const known = inner(this.#sessions, workspace)
    const id = known.get(session)
    if (id !== undefined) return id
    known.set(session, this.#sessionList.length)
    return this.#sessionList.push({ workspace, id: session, analyzer: analyzerOfSession(session) }) - 1
  }
}

/** A trace of rows that are at hand; rows must be in time order. */
export function buildTrace(rows: Iterable<TraceRow>): Trace {
  const builder = new TraceBuilder()
  for (const row of rows) builder.add(row)
  return builder.build()
}

function inner(maps: Map<string, Map<string, number>>, key: string): Map<string, number> {
  let map = maps.get(key)
  if (map === undefined) {
    map = new Map()
    maps.set(key, map)
  }
  return map
}
