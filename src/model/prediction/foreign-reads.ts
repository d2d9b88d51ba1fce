import type { Analyzers } from './analyzers.ts'
import type { Candidates } from './candidates.ts'
import type { FileTable } from './file-table.ts'
import type { OpenSession } from './open-sessions.ts'
import { nameDue, type Precedents, type Reader } from './precedents.ts'

/** Files ahead that are followed in other workspaces to find one that a warm still reaches. */
const BEYOND_MAX = 20

export type ForeignReadsParts = {
  /** Null where workspaces keep what they read to themselves. */
  readonly precedents: Precedents | null
  readonly analyzers: Analyzers
  readonly files: FileTable
  /** The view's moves at a file's last read, 0 for one that was never read. */
  readonly lastReadMoves: (file: number) => number
}

export type Naming = {
  /** Hash of this workspace's name. */
  readonly workspace: number
  /** Milliseconds that a warm takes. */
  readonly latencyMs: number
  /** The file of a path; undefined leaves the path out. */
  readonly fileOf: (path: string) => number | undefined
}

/** What one workspace tells others of its reads, and takes from theirs, by way of the precedents that they share. */
export class ForeignReads {
  readonly #parts: ForeignReadsParts

  constructor(parts: ForeignReadsParts) {
    this.#parts = parts
  }

  /** Tells others that a session read `next` after `before`, where it had read neither earlier. */
  tell(session: OpenSession, workspace: number, { before, next }: { before: number; next: number }): void {
    const { precedents, files } = this.#parts
    const reader = this.#readerOf(session, workspace)
    if (reader !== null) precedents?.learn(files.path(before), { ...reader, next: files.path(next) })
  }

  /** Names what followed in other workspaces, of what nobody here has read: of the rest the workspace knows better. */
  name(session: OpenSession, candidates: Candidates, { workspace, latencyMs, fileOf }: Naming): void {
    const { precedents, files, lastReadMoves } = this.#parts
    const reader = this.#readerOf(session, workspace)
    const [last] = session.recent
    const { msPerRead } = session
    const beyond = Math.floor(latencyMs / Math.max(1, msPerRead))
    if (reader === null || last === undefined || beyond > BEYOND_MAX) return
    precedents?.follow(files.path(last), { ...reader, beyond }, (path, distance) => {
      const file = fileOf(path)
      if (file !== undefined && !lastReadMoves(file)) nameDue(candidates, file, { distance, msPerRead })
    })
  }

  /** Null for a session whose tool nobody has named: what others without a name read says nothing of it. */
  #readerOf({ analyzer }: OpenSession, workspace: number): Reader | null {
    const { analyzers } = this.#parts
    if (analyzers.name(analyzer) === '') return null
    return { analyzer: analyzers.hash(analyzer), workspace }
  }
}
