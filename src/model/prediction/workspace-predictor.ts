import { Analyzers } from './analyzers.ts'
import { type CacheView, isThereBy } from './cache-view.ts'
import { Candidates, sourcesOf, UNKNOWN } from './candidates.ts'
import { ClockHabits, type DueHabit, nameHabit } from './clock-habits.ts'
import { CoAccess } from './co-access.ts'
import {
  cutOff,
  FAR_WEIGHT,
  HABIT_MIN,
  isLate,
  REACH_DELAYS,
  REACH_LATENCIES,
  REACH_MAX,
  REACH_MIN,
  REACH_SHARE,
  RENEW_AGE,
  UNREAD_MS,
  UNREAD_SHARE_MAX,
} from './decision.ts'
import { FEATURES, type FeatureContext, writeFeatures } from './features.ts'
import { FileFates } from './file-fates.ts'
import { FileTable } from './file-table.ts'
import { FileTree } from './file-tree.ts'
import { grownFloat64, grownInt32, hashText } from './grow.ts'
import { ImportGraph } from './import-graph.ts'
import { Kin } from './kin.ts'
import { LIMITS } from './limits.ts'
import { advancePointers, nameAhead, nameWindow, seedPointers, startPointers } from './match-pointers.ts'
import { OpenSession, OpenSessions } from './open-sessions.ts'
import type {
  Prediction,
  PredictorAccess,
  PredictorGraph,
  PredictorOptions,
  RankingPredictor,
  SessionSequence,
} from './predictor.ts'
import { nameRelated, Ranking, type RankSources } from './ranking.ts'
import { Renewals } from './renewals.ts'
import { HEAD, type Scorer } from './scorer.ts'
import { readsOf, type Sequence, SequenceStore } from './sequences.ts'
import { countNamed, judgeSources, pace, remember, rememberFirst } from './session-record.ts'
import { Settlement } from './settlement.ts'
import type { SharedState } from './shared-state.ts'
import { Siblings } from './siblings.ts'
import { type WeighedSession, weighMoment } from './weighed.ts'
import type { Worth } from './worth.ts'

/** `gain` is the probability that decides, `probability` that of a read before the entry leaves. */
type Weighed = { readonly slot: number; readonly gain: number; readonly probability: number }

const NO_PREDICTIONS: readonly Prediction[] = []

/** Learns one workspace's reads. It grows with the paths that it meets; `LearnedPredictor` bounds it. */
export class WorkspacePredictor implements RankingPredictor {
  readonly #options: PredictorOptions
  readonly #view: CacheView
  readonly #scorer: Scorer
  readonly #settlement: Settlement
  readonly #worth: Worth
  readonly #renewals: Renewals
  readonly #files = new FileTable()
  readonly #store = new SequenceStore()
  readonly #sessions = new OpenSessions()
  readonly #coAccess = new CoAccess()
  #imports = new ImportGraph()
  #tree: FileTree | null = null
  readonly #kin = new Kin()
  readonly #clock = new ClockHabits()
  readonly #siblings = new Siblings()
  readonly #ranking: Ranking
  readonly #candidates: Candidates
  readonly #features = new Int32Array(LIMITS.candidatesMax * FEATURES)
  readonly #analyzers = new Analyzers()
  #node = new Int32Array(1024)
  #lastReadMoves = new Float64Array(1024)
  #context: FeatureContext
  /** What becomes of files beside reads. */
  readonly fates: FileFates
  #described = 0

  constructor(options: PredictorOptions, graph: PredictorGraph | undefined, shared: SharedState) {
    this.#options = options
    this.#view = shared.view
    this.#scorer = shared.scorer
    this.fates = new FileFates(this.#files, shared.view, (file) => this.#node[file] ?? 0)
    this.#worth = shared.worth
    this.#settlement = new Settlement(shared.calibration)
    this.#candidates = new Candidates(LIMITS.candidatesMax, options.without)
    this.#renewals = new Renewals(shared, this.#settlement, this.#files)
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
    this.#nameCandidates(session, file)
    const renewed = this.#renew(access.timeMs)
    const chosen = this.#decide(session, access.timeMs)
    return renewed.length === 0 ? chosen : [...renewed, ...chosen]
  }

  #renew(nowMs: number): readonly Prediction[] {
    if (this.#options.without?.includes('renewal')) return NO_PREDICTIONS
    return this.#renewals.renew(this.#context.salt, nowMs)
  }

  tick(nowMs: number): readonly Prediction[] {
    return this.#clock.takeDue(nowMs).flatMap((habit) => this.#prepare(habit, nowMs))
  }

  nextTickMs(): number {
    return this.#clock.nextMs()
  }

  rank(sessionId: string, count: number): readonly string[] {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return []
    return this.#ranking
      .rank(session, this.#context, this.#rankSources())
      .slice(0, count)
      .map(({ file }) => this.#files.path(file))
  }

  /** The candidates of an open session at its latest read, with what comes of them; changes nothing. Null when not open. */
  weighed(sessionId: string): WeighedSession | null {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return null
    const [candidates, far] = [new Candidates(LIMITS.candidatesMax), this.#far()]
    nameWindow(session, 40, candidates)
    nameRelated(session, this.#rankSources(), candidates)
    return weighMoment({
      ...{ session, candidates, view: this.#view, files: this.#files, fates: this.fates },
      analyzer: this.#analyzers.name(session.analyzer),
      threshold: this.#threshold(far),
      nodeOf: (file) => this.#node[file] ?? 0,
      probabilityOf: (slot) => {
        writeFeatures(this.#context, session, { candidates, slot, out: this.#features, at: 0 })
        return this.#probabilityOf(0, far)
      },
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
      this.#coAccess.observe(recent)
      this.#siblings.observe(file, this.#files)
    }
    this.#store.close(id)
  }

  /** Takes the place of what was known of the workspace's files and imports. */
  setGraph(graph: PredictorGraph): void {
    this.#tree = new FileTree(graph.files, this.#files)
    this.#imports = new ImportGraph()
    for (const [from, to] of graph.edges) this.#imports.add(this.#files.intern(from), this.#files.intern(to))
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
    for (let file = 0; file < this.#described; file++) this.#view.release(this.#node[file] ?? 0)
  }

  #contextFor(salt: number): FeatureContext {
    return {
      files: this.#files,
      store: this.#store,
      coAccess: this.#coAccess,
      siblings: this.#siblings,
      tree: this.#tree,
      view: this.#view,
      lastReadMoves: (file) => this.#lastReadMoves[file] ?? 0,
      analyzerHash: (analyzer) => this.#analyzers.hash(analyzer),
      salt,
    }
  }

  #describeNewFiles(): void {
    const { size } = this.#files
    if (size > this.#node.length) {
      this.#node = grownInt32(this.#node, size)
      this.#lastReadMoves = grownFloat64(this.#lastReadMoves, size)
    }
    for (; this.#described < size; this.#described++) {
      this.#node[this.#described] = this.#view.allocate()
      this.#renewals.describe(this.#described, this.#node[this.#described] ?? 0)
      this.#kin.add(this.#described, this.#files)
    }
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
    startPointers(session, this.#store)
    return session
  }

  #learnRead(session: OpenSession, file: number, { timeMs, outcome }: PredictorAccess): void {
    this.fates.wasRead(file)
    const { moves } = this.#view
    this.#settlement.read(file, moves)
    this.#settlement.advance(moves, this.#scorer)
    this.#ranking.learn(session, file)
    judgeSources(session, file)
    const expected = advancePointers(session, file)
    remember(session.recent, file)
    seedPointers(session, { file, expected }, this.#store)
    this.#imports.observe(session, file)
    session.burst.read(file, timeMs, this.#files)
    this.#siblings.observe(file, this.#files)
    this.#coAccess.observe(session.recent)
    this.#coAccess.gather(file, session.burst)
    this.#store.append(session.sequence, file, timeMs)
    const directory = this.#files.directory(file)
    session.directoryReads.set(directory, (session.directoryReads.get(directory) ?? 0) + 1)
    if (!session.readAt.has(file)) rememberFirst(session.firsts, file)
    session.readAt.set(file, session.reads++)
    pace(session, { timeMs, moves })
    const node = this.#node[file] ?? 0
    if (outcome === null) this.#view.readBlindly(node, timeMs)
    else this.#view.read(node, timeMs, isThereBy(outcome))
    this.#renewals.read(file)
    this.#lastReadMoves[file] = this.#view.moves
  }

  #nameCandidates(session: OpenSession, file: number): void {
    const candidates = this.#candidates
    candidates.clear()
    const { residence, latencyMoves } = this.#view
    const reach = Math.round((REACH_SHARE * residence + REACH_LATENCIES * latencyMoves) / session.movesPerRead)
    const ms = REACH_DELAYS * this.#view.latencyMs
    nameAhead(session, { reads: Math.max(REACH_MIN, Math.min(REACH_MAX, reach)), ms }, candidates)
    this.#imports.name(session, file, candidates)
    this.#coAccess.name(file, candidates)
    this.#kin.name(file, candidates)
    this.#siblings.name(file, this.#files, candidates)
    this.#tree?.name(session, file, candidates)
    countNamed(session, candidates)
  }

  #rankSources(): RankSources {
    return { coAccess: this.#coAccess, imports: this.#imports, kin: this.#kin, tree: this.#tree }
  }

  #decide(session: OpenSession, nowMs: number): readonly Prediction[] {
    const chosen = this.#weigh(session)
    this.#ranking.probe(session, this.#context, this.#rankSources())
    if (chosen.length === 0) return NO_PREDICTIONS
    const unreadMax = this.#view.capacityFiles * UNREAD_SHARE_MAX
    const surplus = Math.max(0, Math.ceil(chosen.length + this.#view.unread - unreadMax))
    return chosen.slice(surplus).map(({ slot, probability }) => {
      const due = this.#candidates.dueMs[slot] ?? UNKNOWN
      const expectedAtMs = nowMs + (due >= UNKNOWN ? session.msPerRead * 4 : due)
      return this.#predict(slot, { probability, nowMs, expectedAtMs })
    })
  }

  /** The candidates that are worth a warm, least likely first; all that are weighed are waited for, to learn from. */
  #weigh(session: OpenSession): Weighed[] {
    const chosen: Weighed[] = []
    const candidates = this.#candidates
    const view = this.#view
    const far = this.#far()
    const least = this.#threshold(far)
    const { moves, residence, latencyMoves } = view
    const speed = { msPerRead: session.msPerRead, latencyMs: view.latencyMs }
    for (let slot = 0; slot < candidates.size; slot++) {
      const file = candidates.files[slot] ?? 0
      if (view.age(this.#node[file] ?? 0) < RENEW_AGE) continue
      const at = slot * FEATURES
      writeFeatures(this.#context, session, { candidates, slot, out: this.#features, at })
      const gain = this.#probabilityOf(at, far)
      const when = { moves, residence, latencyMoves, scorer: this.#scorer, promised: far === 0 ? gain : Number.NaN }
      this.#settlement.add(file, { from: at, all: this.#features }, when)
      if (gain >= least && !this.fates.isRefused(file) && !isLate(candidates, slot, speed)) {
        // A read soon is one before the entry leaves, too; the two heads learn apart, and do not know that.
        const full = this.#scorer.score(this.#features, at, { count: FEATURES, head: HEAD.full })
        chosen.push({ slot, gain, probability: Math.max(gain, full) })
      }
    }
    return chosen.sort((a, b) => a.gain - b.gain)
  }

  /** The probability from which on a warm pays now. */
  #threshold(far: number): number {
    return cutOff(this.#options.aggressiveness, this.#worth.dearness(this.#view), far)
  }

  /** The far horizon's weight, 0 to 1: the longer a warm is on its way, the less one can wait for better evidence. */
  #far(): number {
    return Math.min(1, (FAR_WEIGHT * this.#view.latencyMoves) / this.#view.residence)
  }

  #probabilityOf(at: number, far: number): number {
    const full = far === 0 ? 0 : this.#scorer.score(this.#features, at, { count: FEATURES, head: HEAD.full })
    const near = far === 1 ? 0 : this.#scorer.score(this.#features, at, { count: FEATURES, head: HEAD.near })
    return near + (full - near) * far
  }

  /** Weighs the files of the analyzer's last session, for a session that the clock expects. */
  #prepare(habit: DueHabit, nowMs: number): Prediction[] {
    const sequence = this.#store.get(this.#store.latest(habit.analyzer).at(-1) ?? 0)
    if (sequence === undefined) return []
    const { analyzer, expectedMs } = habit
    const session = new OpenSession('', { sequence: 0, analyzer, timeMs: expectedMs, moves: this.#view.moves })
    const predictions: Prediction[] = []
    const unreadMax = Math.floor(this.#view.capacityFiles * UNREAD_SHARE_MAX)
    for (let from = 0; from < sequence.length; from += LIMITS.candidatesMax) {
      nameHabit({ sequence, from, probability: habit.probability }, this.#candidates)
      for (const { slot, probability } of this.#weigh(session)) {
        if (this.#view.unread >= unreadMax) return predictions
        if (habit.probability < HABIT_MIN) continue
        predictions.push(this.#predict(slot, { probability, nowMs, expectedAtMs: expectedMs }))
      }
    }
    return predictions
  }

  #predict(slot: number, when: { probability: number; nowMs: number; expectedAtMs: number }): Prediction {
    const file = this.#candidates.files[slot] ?? 0
    const { probability, nowMs, expectedAtMs } = when
    const { latencyMs } = this.#view
    this.#view.warm(this.#node[file] ?? 0)
    const leavesMs = nowMs + UNREAD_MS
    const reason = sourcesOf(this.#candidates.sources[slot] ?? 0)[0] ?? ''
    const horizonAtMs = Math.max(expectedAtMs + latencyMs, leavesMs)
    return { path: this.#files.path(file), probability, reason, expectedAtMs, horizonAtMs }
  }
}
