import { Analyzers } from './analyzers.ts'
import { type CacheView, isThereBy } from './cache-view.ts'
import { Candidates } from './candidates.ts'
import { Choice } from './choice.ts'
import { ClockHabits, type DueHabit } from './clock-habits.ts'
import { reachOf } from './decision.ts'
import { type Expectation, expectationOf } from './expectation.ts'
import type { FeatureContext } from './features.ts'
import { FileFates } from './file-fates.ts'
import { FileNodes } from './file-nodes.ts'
import { FileTable } from './file-table.ts'
import { ForeignReads, type Naming } from './foreign-reads.ts'
import { hashText } from './grow.ts'
import { LIMITS } from './limits.ts'
import { advancePointers, nameAhead, nameWindow, seedPointers } from './match-pointers.ts'
import { OpenSession, OpenSessions } from './open-sessions.ts'
import type {
  Prediction,
  PredictorAccess,
  PredictorGraph,
  PredictorOptions,
  RankingPredictor,
  SessionSequence,
} from './predictor.ts'
import { nameRelated, Ranking } from './ranking.ts'
import { RelatedFiles } from './related-files.ts'
import { Renewals } from './renewals.ts'
import type { Scorer } from './scorer.ts'
import { readsOf, type Sequence, SequenceStore } from './sequences.ts'
import { countNamed, judgeSources, pace, remember, rememberFirst } from './session-record.ts'
import { Settlement } from './settlement.ts'
import type { SharedState } from './shared-state.ts'
import { type WeighedSession, weighMoment } from './weighed.ts'
import { Weigher } from './weigher.ts'

const NO_PREDICTIONS: readonly Prediction[] = []

/** Learns one workspace's reads. It grows with the paths that it meets; `LearnedPredictor` bounds it. */
export class WorkspacePredictor implements RankingPredictor {
  readonly #options: PredictorOptions
  readonly #view: CacheView
  readonly #scorer: Scorer
  readonly #settlement: Settlement
  readonly #renewals: Renewals
  readonly #files = new FileTable()
  readonly #store = new SequenceStore()
  readonly #sessions = new OpenSessions()
  /** The sessions that have read within the last stay of the cache. */
  #moment: readonly OpenSession[] = []
  readonly #expectation = (file: number): Expectation => expectationOf(file, this.#moment, this.#store)
  readonly #related = new RelatedFiles(this.#files)
  readonly #clock = new ClockHabits()
  readonly #foreign: ForeignReads
  readonly #ranking: Ranking
  readonly #candidates: Candidates
  readonly #weigher: Weigher
  readonly #choice: Choice
  readonly #analyzers = new Analyzers()
  readonly #nodes: FileNodes
  #context: FeatureContext
  readonly #describe = (file: number, node: number): void => {
    this.#renewals.describe(file, node)
    this.#related.kin.add(file, this.#files)
  }
  /** What becomes of files beside reads. */
  readonly fates: FileFates

  constructor(options: PredictorOptions, graph: PredictorGraph | undefined, shared: SharedState) {
    this.#options = options
    this.#view = shared.view
    this.#scorer = shared.scorer
    this.#nodes = new FileNodes(shared.view)
    this.fates = new FileFates(this.#files, shared.view, this.#nodes.of)
    this.#foreign = new ForeignReads({
      precedents: options.without?.includes('precedent') ? null : shared.precedents,
      ...{ analyzers: this.#analyzers, files: this.#files, lastReadMoves: this.#nodes.lastReadMoves },
    })
    this.#settlement = new Settlement(shared.calibration)
    this.#candidates = new Candidates(LIMITS.candidatesMax, options.without)
    this.#weigher = new Weigher({
      ...{ aggressiveness: options.aggressiveness, shared, settlement: this.#settlement },
      ...{ files: this.#files, fates: this.fates, nodeOf: this.#nodes.of },
    })
    this.#choice = new Choice(shared.view, this.#weigher, this.#candidates)
    this.#renewals = new Renewals(shared, this.#settlement, {
      files: this.#files,
      expectation: this.#expectation,
    })
    this.#ranking = new Ranking(shared.scorer)
    this.#context = this.#contextFor(0)
    if (graph !== undefined) this.setGraph(graph)
  }

  observe(access: PredictorAccess): readonly Prediction[] {
    const file = this.#files.intern(access.path)
    this.#describeNewFiles()
    this.#closeEnded(access.timeMs)
    const session = this.#sessionOf(access)
    this.#learnRead(session, file, access)
    this.#lookAround()
    this.#nameCandidates(session, file)
    const renewed = this.#renew(access.timeMs)
    const chosen = this.#decide(session, access.timeMs)
    return renewed.length === 0 ? chosen : [...renewed, ...chosen]
  }

  #lookAround(): void {
    this.#moment = this.#sessions.since(this.#view.moves - this.#view.residence)
  }

  #renew(nowMs: number): readonly Prediction[] {
    if (this.#options.without?.includes('renewal')) return NO_PREDICTIONS
    return this.#renewals.renew(this.#context.salt, nowMs)
  }

  tick(nowMs: number): readonly Prediction[] {
    this.#view.pass(nowMs)
    return this.#clock.takeDue(nowMs).flatMap((habit) => this.#prepare(habit, nowMs))
  }

  nextTickMs(): number {
    return this.#clock.nextMs()
  }

  rank(sessionId: string, count: number): readonly string[] {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return []
    return this.#ranking
      .rank(session, this.#context, this.#related)
      .slice(0, count)
      .map(({ file }) => this.#files.path(file))
  }

  /** The candidates of an open session at its latest read, with what comes of them; changes nothing. Null when not open. */
  weighed(sessionId: string): WeighedSession | null {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return null
    const candidates = new Candidates(LIMITS.candidatesMax)
    nameWindow(session, 40, candidates)
    nameRelated(session, this.#related, candidates)
    this.#nameForeign(session, candidates, (path) => this.#files.find(path))
    return weighMoment({
      ...{ session, candidates, view: this.#view, files: this.#files, fates: this.fates },
      analyzer: this.#analyzers.name(session.analyzer),
      threshold: this.#weigher.threshold(this.#weigher.far()),
      nodeOf: this.#nodes.of,
      probabilityOf: (slot) => this.#weigher.probability({ context: this.#context, session, candidates }, slot),
    })
  }

  /** Takes in a closed session from the store, as if it had been read here: no candidates, no decisions. */
  learnSession(sequence: SessionSequence): void {
    const first = sequence.reads[0]
    if (first === undefined) return
    const analyzer = this.#analyzers.intern(sequence.analyzer)
    this.#clock.begin(analyzer, first.timeMs)
    const id = this.#store.open(analyzer, first.timeMs)
    const recent: number[] = []
    for (const read of sequence.reads) {
      const file = this.#files.intern(read.path)
      this.#describeNewFiles()
      this.#store.append(id, file, read.timeMs)
      remember(recent, file)
      this.#related.learn(recent, file)
    }
    this.#store.close(id)
  }

  /** Takes the place of what was known of the workspace's files and imports. */
  setGraph(graph: PredictorGraph): void {
    this.#related.setGraph(graph)
    this.#describeNewFiles()
    this.#context = this.#contextFor(this.#context.salt)
  }

  /** Distinct paths known. */
  get files(): number {
    return this.#files.size
  }

  /** The sessions kept, oldest first; those that are still open come last, as far as they have read. */
  *sequences(): Generator<SessionSequence> {
    for (const sequence of this.#store.kept()) yield this.#told('', sequence)
    for (const { id, sequence } of this.#sessions.values()) {
      const open = this.#store.get(sequence)
      if (open !== undefined) yield this.#told(id, open)
    }
  }

  #told(session: string, one: Sequence): SessionSequence {
    return { session, analyzer: this.#analyzers.name(one.analyzer), reads: readsOf(one, this.#files) }
  }

  /** Gives the places in the shared view back; the predictor is of no use afterwards. */
  release(): void {
    this.#nodes.release()
  }

  #contextFor(salt: number): FeatureContext {
    return {
      files: this.#files,
      store: this.#store,
      coAccess: this.#related.coAccess,
      siblings: this.#related.siblings,
      tree: this.#related.tree,
      view: this.#view,
      lastReadMoves: this.#nodes.lastReadMoves,
      analyzerHash: (analyzer) => this.#analyzers.hash(analyzer),
      salt,
      expectation: this.#expectation,
    }
  }

  #describeNewFiles(): void {
    this.#nodes.reach(this.#files.size, this.#describe)
  }

  #closeEnded(nowMs: number): void {
    for (const session of this.#sessions.takeEnded(nowMs)) this.#store.close(session.sequence)
  }

  #sessionOf(access: PredictorAccess): OpenSession {
    const known = this.#sessions.get(access.session)
    if (known !== undefined) {
      this.#sessions.renew(known)
      return known
    }
    const { timeMs } = access
    if (this.#context.salt === 0) this.#context = this.#contextFor(hashText(access.workspace))
    const analyzer = this.#analyzers.intern(access.analyzer)
    this.#clock.begin(analyzer, timeMs)
    const sequence = this.#store.open(analyzer, timeMs)
    const session = new OpenSession(access.session, { sequence, analyzer, timeMs, moves: this.#view.moves })
    this.#sessions.add(session)
    return session
  }

  #learnRead(session: OpenSession, file: number, { timeMs, outcome }: PredictorAccess): void {
    this.fates.wasRead(file)
    const { moves } = this.#view
    this.#settlement.expire(timeMs, this.#scorer)
    this.#settlement.read(file, moves)
    this.#settlement.advance(moves, this.#scorer)
    this.#ranking.learn(session, file)
    judgeSources(session, file)
    const expected = advancePointers(session, file)
    remember(session.recent, file)
    seedPointers(session, { file, expected }, this.#store)
    this.#related.observe(session, file, timeMs)
    this.#store.append(session.sequence, file, timeMs)
    session.directoryReads.add(this.#files.directory(file), 1)
    if (!session.readAt.has(file)) this.#learnFirst(session, file)
    session.readAt.set(file, session.reads++)
    pace(session, { timeMs, moves })
    const node = this.#nodes.of(file)
    if (outcome === null) this.#view.readBlindly(node, timeMs)
    else this.#view.read(node, timeMs, isThereBy(outcome))
    this.#renewals.read(file)
    this.#nodes.read(file)
  }

  #learnFirst(session: OpenSession, file: number): void {
    const before = session.firsts[0]
    rememberFirst(session.firsts, file)
    if (before !== undefined) this.#foreign.tell(session, this.#context.salt, { before, next: file })
  }

  #nameForeign(session: OpenSession, candidates: Candidates, fileOf: Naming['fileOf']): void {
    const { latencyMs } = this.#view
    this.#foreign.name(session, candidates, { workspace: this.#context.salt, latencyMs, fileOf })
  }

  #nameCandidates(session: OpenSession, file: number): void {
    const candidates = this.#candidates
    candidates.clear()
    nameAhead(session, reachOf(this.#view, session.movesPerRead), candidates)
    this.#related.name(session, file, candidates)
    this.#nameForeign(session, candidates, (path) => this.#files.intern(path))
    this.#describeNewFiles()
    countNamed(session, candidates)
  }

  #decide(session: OpenSession, nowMs: number): readonly Prediction[] {
    const chosen = this.#weigher.weigh({ context: this.#context, session, candidates: this.#candidates })
    this.#ranking.probe(session, this.#context, this.#related)
    return this.#choice.predict(chosen, session, nowMs)
  }

  #prepare(habit: DueHabit, nowMs: number): readonly Prediction[] {
    const sequence = this.#store.get(this.#store.latest(habit.analyzer))
    if (sequence === undefined) return NO_PREDICTIONS
    this.#lookAround()
    return this.#choice.prepare(habit, sequence, { context: this.#context, nowMs })
  }
}
