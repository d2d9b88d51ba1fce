import type { Access, AccessEvent, AccessOutcome } from '../../../model/access.ts'
import type { WarmedFile, WarmOutcome, WarmOutcomeKind } from '../../../model/outcome.ts'
import type { LiveFate, LivePrediction, LiveRead, LiveSession } from '../../../ports/live.ts'
import type { WarmCommand } from '../../../warming/command.ts'

const READS_SHOWN = 30
const PREDICTIONS_SHOWN = 40
const PREDICTIONS_MAX = 2_000

/** Paths whose latest reads are known, and how many of each. */
const READ_PATHS_MAX = 4_000
const TIMES_MAX = 4

type Prediction = {
  readonly path: string
  readonly probability: number
  readonly reason: string
  readonly issuedAtMs: number
  readonly horizonAtMs: number
  warm: WarmOutcomeKind | null
  finishedAtMs: number
  readAtMs: number | null
}

/** One session: what was read, what was predicted for it, and what of that came. */
export class SessionView {
  readonly #id: string
  #analyzer = ''
  #revision: string | null = null
  #firstMs = 0
  #lastMs = 0
  #ended = false
  #reads = 0
  readonly #outcomes: Record<AccessOutcome, number> = { unknown: 0, hit: 0, warmHit: 0, miss: 0, stale: 0 }
  #latest: LiveRead[] = []
  /** When each path was read, ascending by arrival. */
  readonly #readTimes = new Map<string, readonly number[]>()
  /** The latest prediction of each path. */
  readonly #predictions = new Map<string, Prediction>()

  constructor(id: string) {
    this.#id = id
  }

  tell({ analyzer, revision, sessionEnded }: AccessEvent): void {
    this.#analyzer = analyzer
    this.#revision = revision
    this.#ended = sessionEnded
  }

  read({ path, timeMs, outcome }: Access): void {
    if (this.#reads === 0) this.#firstMs = timeMs
    this.#lastMs = Math.max(this.#lastMs, timeMs)
    this.#reads += 1
    this.#outcomes[outcome] += 1
    this.#latest.push({ path, timeMs, outcome })
    if (this.#latest.length > 2 * READS_SHOWN) this.#latest = this.#latest.slice(-READS_SHOWN)
    this.#noteTime(path, timeMs)
    const predicted = this.#predictions.get(path)
    if (predicted !== undefined && timeMs >= predicted.issuedAtMs) predicted.readAtMs ??= timeMs
  }

  issued({ files, issuedAtMs }: WarmCommand): void {
    this.#lastMs = Math.max(this.#lastMs, issuedAtMs)
    for (const { path, probability, reason, horizonAtMs } of files) {
      this.#predictions.delete(path)
      const standing = { warm: null, finishedAtMs: 0, readAtMs: this.#readSince(path, issuedAtMs) }
      this.#predictions.set(path, { path, probability, reason, issuedAtMs, horizonAtMs, ...standing })
    }
    for (const path of this.#predictions.keys()) {
      if (this.#predictions.size <= PREDICTIONS_MAX) return
      this.#predictions.delete(path)
    }
  }

  answered({ files, issuedAtMs }: WarmOutcome): void {
    for (const file of files) this.#answer(file, issuedAtMs)
  }

  view(): LiveSession {
    const told = [...this.#predictions.values()].reverse().map((one) => toPrediction(one, this.#lastMs))
    const fates: Record<LiveFate, number> = { asked: 0, ready: 0, hit: 0, late: 0, unread: 0, notWarmed: 0 }
    for (const { fate } of told) fates[fate] += 1
    return {
      ...{ session: this.#id, analyzer: this.#analyzer, revision: this.#revision },
      ...{ firstMs: this.#firstMs, lastMs: this.#lastMs, ended: this.#ended },
      ...{ reads: this.#reads, outcomes: { ...this.#outcomes }, fates },
      latestReads: this.#latest.slice(-READS_SHOWN).reverse(),
      latestPredictions: told.slice(0, PREDICTIONS_SHOWN),
    }
  }

  #answer({ path, outcome, finishedAtMs }: WarmedFile, issuedAtMs: number): void {
    const predicted = this.#predictions.get(path)
    if (predicted?.issuedAtMs !== issuedAtMs) return
    predicted.warm = outcome
    predicted.finishedAtMs = finishedAtMs
  }

  /** The topics are read one after the other: a read may be known before the prediction that it is for. */
  #readSince(path: string, timeMs: number): number | null {
    return this.#readTimes.get(path)?.find((readMs) => readMs >= timeMs) ?? null
  }

  #noteTime(path: string, timeMs: number): void {
    const times = [...(this.#readTimes.get(path) ?? []), timeMs].slice(-TIMES_MAX)
    this.#readTimes.delete(path)
    this.#readTimes.set(path, times)
    const [oldest] = this.#readTimes.keys()
    if (this.#readTimes.size > READ_PATHS_MAX && oldest !== undefined) this.#readTimes.delete(oldest)
  }
}

function fateOf({ warm, finishedAtMs, readAtMs, horizonAtMs }: Prediction, nowMs: number): LiveFate {
  if (warm === null) return readAtMs === null ? 'asked' : 'late'
  if (warm !== 'warmed' && warm !== 'refreshed' && warm !== 'present') return 'notWarmed'
  if (readAtMs === null) return nowMs > horizonAtMs ? 'unread' : 'ready'
  return readAtMs >= finishedAtMs ? 'hit' : 'late'
}

function toPrediction(one: Prediction, nowMs: number): LivePrediction {
  const { path, probability, reason, issuedAtMs, warm } = one
  return { path, probability, reason, issuedAtMs, warm, fate: fateOf(one, nowMs) }
}
