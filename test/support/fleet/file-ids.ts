import type { Trace, TraceFile } from '../../../src/model/replay/trace.ts'

/** Numbers of files: a trace's own, and those past its end for files that nobody reads. */
export class FileIds {
  /** Files past the trace's own, in the order of their numbers. */
  readonly extraFiles: TraceFile[] = []
  readonly #known: number
  readonly #ids = new Map<string, number>()

  constructor(trace: Trace) {
    this.#known = trace.files.length
    trace.files.forEach(({ workspace, path }, id) => {
      this.#ids.set(`${workspace}\u0000${path}`, id)
    })
  }

  of(workspace: string, path: string): number {
    const name = `${workspace}\u0000${path}`
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const id = this.#known + this.extraFiles.push({ workspace, path }) - 1
    this.#ids.set(name, id)
    return id
  }
}
