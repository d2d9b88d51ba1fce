import type { Access, AccessEvent, AccessOutcome } from '../../src/model/access.ts'
import { shardKey } from '../../src/model/identity.ts'
import type { WarmedFile, WarmOutcome, WarmOutcomeKind } from '../../src/model/outcome.ts'

/** A record of the log before it is encoded. */
export type TrafficRecord =
  | { readonly topic: 'access-events'; readonly key: string; readonly value: AccessEvent }
  | { readonly topic: 'warm-outcomes'; readonly key: string; readonly value: WarmOutcome }

/** Names as fleets have them, and some that break careless code; they lie on different partitions. */
export const WORKSPACES = ['acme/web', 'acme/api', 'tools', '__proto__', 'ünï/côdé'] as const

/** A seed for this run, printed so that a failure can be played again. */
export function newSeed(): number {
  const seed = Date.now() % 1_000_000
  console.log(`seed ${seed}`)
  return seed
}

/** Endless traffic of some workspaces, the same for the same seed. */
export type Traffic = {
  /** The next records, in the order in which they are to be sent. */
  take(records: number): readonly TrafficRecord[]
}

const START_MS = Date.UTC(2025, 9, 6, 6)
const MINUTE_MS = 60_000
const HOT_FILES = 120
/** Only these are predicted: they are read so seldom that a verdict never depends on how far the other topic is. */
const RARE_FILES = 80
const PREDICTIONS_PER_FILE_MAX = 3
const ANALYZERS = ['eslint', 'tsc', 'indexer'] as const
const OUTCOMES: readonly AccessOutcome[] = ['unknown', 'hit', 'hit', 'warmHit', 'miss', 'stale']
const KINDS: readonly WarmOutcomeKind[] = ['warmed', 'warmed', 'present', 'control', 'skipped', 'missing', 'failed']
const RUN_KINDS: readonly WarmOutcomeKind[] = ['warmed', 'refreshed', 'present', 'skipped', 'failed', 'cold']
const DETAILS = ['', '', 'pressure', 'deadline', 'origin']
/** A few places beyond what the limits of the tests allow for a run. */
const RUN_PLACES = 100
const REASONS = ['correlation', 'succession', 'profile', 'seasonal'] as const

export function createTraffic(seed: number, workspaces: readonly string[] = WORKSPACES): Traffic {
  const random = createRandom(seed)
  const sources = workspaces.map((workspace) => new WorkspaceTraffic(workspace, random))
  return {
    take: (count) => {
      const records: TrafficRecord[] = []
      while (records.length < count) records.push(random.pick(sources).next())
      return records
    },
  }
}

type Random = { below(limit: number): number; pick<Item>(items: readonly Item[]): Item }

/** Marsaglia's xorshift, 32 bits. */
function createRandom(seed: number): Random {
  let state = seed | 0 || 1
  const below = (limit: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
  return { below, pick }
}

type RunningSession = { name: string; analyzer: string; publisher: string; sequence: number; left: number; at: number }

/** Sessions of one repository: each reads one stretch of the files in order, with detours; some end without a word. */
class WorkspaceTraffic {
  readonly #workspace: string
  readonly #random: Random
  readonly #sessions: RunningSession[] = []
  readonly #predicted = new Map<string, number>()
  #nowMs = START_MS
  #sessionsBegun = 0
  #commands = 0

  constructor(workspace: string, random: Random) {
    this.#workspace = workspace
    this.#random = random
  }

  next(): TrafficRecord {
    return this.#random.below(8) === 0 ? this.#outcome() : this.#event()
  }

  #event(): TrafficRecord {
    const session = this.#session()
    const accesses = Array.from({ length: 1 + this.#random.below(14) }, () => this.#access(session))
    const { name, analyzer, publisher, sequence } = session
    session.sequence += accesses.length
    session.left -= accesses.length
    const isOver = session.left <= 0
    if (isOver) this.#sessions.splice(this.#sessions.indexOf(session), 1)
    const value: AccessEvent = {
      ...{ workspace: this.#workspace, session: name, analyzer, revision: null, publisher, sequence },
      sessionEnded: isOver && this.#random.below(3) > 0,
      forget: false,
      accesses,
      changes: this.#random.below(10) === 0 ? [{ path: null, timeMs: this.#nowMs, version: `r${this.#nowMs}` }] : [],
    }
    return { topic: 'access-events', key: shardKey(this.#workspace, 0), value }
  }

  #session(): RunningSession {
    if (this.#sessions.length < 2 || (this.#sessions.length < 7 && this.#random.below(6) === 0)) {
      this.#sessionsBegun += 1
      const analyzer = this.#random.pick(ANALYZERS)
      const name = `${this.#workspace}:${analyzer}:${this.#sessionsBegun}`
      const at = this.#random.below(HOT_FILES)
      this.#sessions.push({
        ...{ name, analyzer, publisher: `p-${name}`, sequence: 0, at },
        left: 10 + this.#random.below(90),
      })
    }
    return this.#random.pick(this.#sessions)
  }

  #access(session: RunningSession): Access {
    // Now and then nobody works for a while, and sessions that nobody ended are over.
    this.#nowMs += this.#random.below(400) === 0 ? 6 * MINUTE_MS : this.#random.below(900)
    session.at = (session.at + 1 + (this.#random.below(5) === 0 ? this.#random.below(20) : 0)) % HOT_FILES
    const isDetour = this.#random.below(25) === 0
    const path = isDetour ? rarePath(this.#random.below(RARE_FILES)) : hotPath(session.at)
    const outcome = this.#random.pick(OUTCOMES)
    const warmedBy = outcome === 'warmHit' ? `c-${this.#commands}` : null
    return { path, timeMs: this.#nowMs, layer: 'content', version: null, outcome, warmedBy }
  }

  #outcome(): TrafficRecord {
    this.#commands += 1
    const isRun = this.#random.below(5) === 0
    const issuedAtMs = this.#nowMs
    const paths = Array.from({ length: 1 + this.#random.below(6) }, () => rarePath(this.#random.below(RARE_FILES)))
    const files = [...new Set(paths)].filter((path) => isRun || this.#mayPredict(path))
    const value: WarmOutcome = {
      commandId: `c-${this.#commands}`,
      workspace: this.#workspace,
      shard: 0,
      runId: isRun ? `run-${this.#random.below(8)}` : null,
      worker: 'traffic',
      issuedAtMs,
      mode: isRun && this.#random.below(3) === 0 ? 'check' : 'warm',
      firstFile: isRun ? this.#random.below(RUN_PLACES) : 0,
      pressure: this.#random.below(1_001) / 1_000,
      files: files.map((path) => (isRun ? this.#ofRun(path, issuedAtMs) : this.#warmed(path, issuedAtMs))),
    }
    return { topic: 'warm-outcomes', key: shardKey(this.#workspace, 0), value }
  }

  /** A file that was asked for: it claims no read. */
  #ofRun(path: string, issuedAtMs: number): WarmedFile {
    const outcome = this.#random.pick(RUN_KINDS)
    const version = this.#random.pick([null, 'v1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'])
    const names = { outcome, detail: this.#random.pick(DETAILS), version, reason: 'changed', horizonAtMs: 0 }
    return { ...this.#warmed(path, issuedAtMs), ...names }
  }

  #mayPredict(path: string): boolean {
    const before = this.#predicted.get(path) ?? 0
    if (before >= PREDICTIONS_PER_FILE_MAX) return false
    this.#predicted.set(path, before + 1)
    return true
  }

  #warmed(path: string, issuedAtMs: number): WarmedFile {
    const finishedAtMs = issuedAtMs + this.#random.below(2_000)
    const horizonAtMs = issuedAtMs + this.#random.below(10 * MINUTE_MS)
    const outcome = this.#random.pick(KINDS)
    const reason = this.#random.pick(REASONS)
    return {
      ...{ path, layer: 'content', version: null, outcome, detail: '', bytes: outcome === 'warmed' ? 4_096 : 0 },
      ...{ finishedAtMs, reason, probability: 0.5, horizonAtMs },
    }
  }
}

/** Names as repositories have them, and some that break careless code. */
const ODD_PATHS = ['__proto__', 'src/__proto__/constructor.ts', 'src/ünï côdé.ts', '7']
const hotPath = (at: number): string => ODD_PATHS[at] ?? `src/module-${at % 9}/file-${at}.ts`
const rarePath = (at: number): string => `docs/page-${at}.md`
