import type { Candidates } from './candidates.ts'
import { CoAccess } from './co-access.ts'
import type { FileTable } from './file-table.ts'
import { FileTree } from './file-tree.ts'
import { ImportGraph } from './import-graph.ts'
import { Kin } from './kin.ts'
import type { OpenSession } from './open-sessions.ts'
import type { PredictorGraph } from './predictor.ts'
import type { RankSources } from './ranking.ts'
import { Siblings } from './siblings.ts'

/** Which files go with which, whatever the order: read together, imported, alike in name, near in the tree. */
export class RelatedFiles implements RankSources {
  readonly coAccess = new CoAccess()
  readonly kin = new Kin()
  readonly siblings = new Siblings()
  imports = new ImportGraph()
  /** Null before a graph is known. */
  tree: FileTree | null = null
  readonly #files: FileTable

  constructor(files: FileTable) {
    this.#files = files
  }

  /** Takes the place of what was known of the workspace's tree and imports; their paths get numbers in the file table. */
  setGraph(graph: PredictorGraph): void {
    this.tree = new FileTree(graph.files, this.#files)
    this.imports = new ImportGraph()
    for (const [from, to] of graph.edges) this.imports.add(this.#files.intern(from), this.#files.intern(to))
  }

  /** A session reads a file, which is the newest of its `recent` ones. */
  observe(session: OpenSession, file: number, timeMs: number): void {
    this.imports.observe(session, file)
    session.burst.read(file, timeMs, this.#files)
    this.siblings.observe(file, this.#files)
    this.coAccess.observe(session.recent)
    this.coAccess.gather(file, session.burst)
  }

  /** A file was read in a session that is over; `recent` are its latest distinct files then, newest first. */
  learn(recent: readonly number[], file: number): void {
    this.coAccess.observe(recent)
    this.siblings.observe(file, this.#files)
  }

  /** Names what goes with the file that a session has just read. */
  name(session: OpenSession, file: number, candidates: Candidates): void {
    this.imports.name(session, file, candidates)
    this.coAccess.name(file, candidates)
    this.kin.name(file, candidates)
    this.siblings.name(file, this.#files, candidates)
    this.tree?.name(session, file, candidates)
  }
}
