import type { Prediction, Predictor, PredictorAccess } from './predictor.ts'

const WINDOW = 12
const COUNT_MIN = 5
const STRENGTH_MIN = 0.5
const CO_ACCESS_TOP = 10
const HOUR_TOP = 20
const ACCESS_TIMES = 50
const HOUR_MS = 3_600_000
const FILES_MAX = 131_072
const PARTNERS_MAX = 4096

type Pattern = {
  frequency: number
  lastMs: number
  /** The latest fifty access times. */
  readonly timesMs: number[]
  readonly partners: Map<string, number>
  readonly byHour: Uint32Array
  plannedMs: number
}

/**
 * The rules of the manual that this project grew from, to the letter, as a named baseline: files seen together with
 * the one just read (count at least 5, strength above 0.5, the ten strongest), the hour's twenty most read files when
 * an hour begins, and a file's last access plus its mean interval when that lies within the hour. "Together" means
 * within twelve reads of one session; the manual leaves that to its caller.
 */
export class ManualPredictor implements Predictor {
  readonly #patterns = new Map<string, Pattern>()
  readonly #sessions = new Map<string, string[]>()
  #hourEndsMs = Number.POSITIVE_INFINITY

  observe(access: PredictorAccess): readonly Prediction[] {
    const { path, timeMs } = access
    const company = this.#companyOf(access.session)
    const pattern = this.#patternOf(path, timeMs)
    for (const other of company) if (other !== path) this.#together(path, other)
    company.push(path)
    if (company.length > WINDOW) company.shift()
    const predictions = this.#correlated(path, timeMs)
    const nextMs = nextAccessMs(pattern)
    if (nextMs - timeMs < HOUR_MS && nextMs > timeMs && pattern.plannedMs < timeMs) {
      pattern.plannedMs = nextMs
      predictions.push(this.#prediction(path, { probability: 0.5, reason: 'interval', expectedAtMs: nextMs }))
    }
    if (this.#hourEndsMs === Number.POSITIVE_INFINITY) this.#hourEndsMs = nextHourMs(timeMs)
    return predictions
  }

  /** At the start of an hour: the files read most in that hour of the day (UTC), over all days. */
  tick(nowMs: number): readonly Prediction[] {
    if (nowMs < this.#hourEndsMs) return []
    this.#hourEndsMs = nextHourMs(nowMs)
    const hour = hourOf(nowMs)
    const counted = [...this.#patterns]
      .map(([path, pattern]) => ({ path, count: pattern.byHour[hour] ?? 0 }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count)
    return counted
      .slice(0, HOUR_TOP)
      .map(({ path }) => this.#prediction(path, { probability: 0.5, reason: 'hour', expectedAtMs: nowMs }))
  }

  nextTickMs(): number {
    return this.#hourEndsMs
  }

  #correlated(path: string, nowMs: number): Prediction[] {
    const pattern = this.#patterns.get(path)
    const strong: { other: string; strength: number }[] = []
    for (const [other, count] of pattern?.partners ?? []) {
      const strength = count / (pattern?.frequency ?? 1)
      if (count >= COUNT_MIN && strength > STRENGTH_MIN) strong.push({ other, strength })
    }
    strong.sort((a, b) => b.strength - a.strength)
    const top = strong.slice(0, CO_ACCESS_TOP)
    return top.map(({ other, strength }) =>
      this.#prediction(other, { probability: Math.min(1, strength), reason: 'co-access', expectedAtMs: nowMs }),
    )
  }

  #prediction(path: string, about: { probability: number; reason: string; expectedAtMs: number }): Prediction {
    return { path, ...about, horizonAtMs: about.expectedAtMs + HOUR_MS }
  }

  #companyOf(session: string): string[] {
    const known = this.#sessions.get(session) ?? []
    this.#sessions.delete(session)
    this.#sessions.set(session, known)
    dropOldest(this.#sessions, SESSIONS_MAX)
    return known
  }

  #patternOf(path: string, timeMs: number): Pattern {
    const pattern = this.#patterns.get(path) ?? newPattern()
    this.#patterns.delete(path)
    this.#patterns.set(path, pattern)
    dropOldest(this.#patterns, FILES_MAX)
    pattern.frequency++
    pattern.lastMs = timeMs
    pattern.timesMs.push(timeMs)
    if (pattern.timesMs.length > ACCESS_TIMES) pattern.timesMs.shift()
    const hour = hourOf(timeMs)
    pattern.byHour[hour] = (pattern.byHour[hour] ?? 0) + 1
    return pattern
  }

  #together(path: string, other: string): void {
    for (const [one, two] of [
      [path, other],
      [other, path],
    ] as const) {
      const partners = this.#patterns.get(one)?.partners
      if (partners === undefined) continue
      partners.set(two, (partners.get(two) ?? 0) + 1)
      dropOldest(partners, PARTNERS_MAX)
    }
  }
}

const SESSIONS_MAX = 256

function newPattern(): Pattern {
  const byHour = new Uint32Array(24)
  return { frequency: 0, lastMs: 0, timesMs: [], partners: new Map(), byHour, plannedMs: Number.NEGATIVE_INFINITY }
}

/** Last access plus mean interval; NaN with fewer than two accesses. */
function nextAccessMs(pattern: Pattern): number {
  const { timesMs } = pattern
  if (timesMs.length < 2) return Number.NaN
  const spanMs = (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)
  return pattern.lastMs + spanMs / (timesMs.length - 1)
}

function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) % 24
}

function nextHourMs(timeMs: number): number {
  return (Math.floor(timeMs / HOUR_MS) + 1) * HOUR_MS
}

function dropOldest<V>(map: Map<string, V>, max: number): void {
  if (map.size <= max) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
