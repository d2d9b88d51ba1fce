import type { Aggressiveness } from '../prediction/predictor.ts'
import type { Candidate } from './candidate.ts'

/**
 * Cut-offs on the probability. Expected gain p * saved >= (1 - p) * waste, with waste at 4, 1 and 1/3 of what a hit
 * saves.
 */
export const CUT_OFFS: Readonly<Record<Aggressiveness, number>> = { low: 0.8, medium: 0.5, high: 0.25 }

export type GateOptions = {
  /**
   * Lowest probability that is warmed; CUT_OFFS has it for the models' own frequencies. `decided`: the source has weighed
   * its candidates against the cache and the delay already; what is open may have left again, and nothing is held back
   * but what exceeds the workspace's share.
   */
  readonly cutOff: number | 'decided'
  /** How long a prediction claims a read, ms. */
  readonly horizonMs: number
  /** Predictions a second that one workspace may issue in the long run, and at once. */
  readonly perSecondMax: number
  readonly burstMax: number
  /** Predictions remembered as open; the oldest leaves, and may then be issued again. */
  readonly openMax: number
}

/** Why a candidate is not issued. */
export type Suppression = 'threshold' | 'open' | 'late' | 'throttled'

export type GateDecision = {
  readonly issued: readonly Candidate[]
  readonly suppressed: ReadonlyMap<Suppression, number>
}

/**
 * Decides which candidates of a workspace become predictions: likely enough, not predicted already, not
 * due before a warm could arrive, and no more than the workspace's share. Time comes in as an argument.
 */
export class PredictionGate {
  readonly #options: GateOptions
  /** Path -> until when its prediction is open; the earliest issued first. */
  readonly #open = new Map<string, number>()
  #tokens: number
  #refilledAtMs: number | null = null
  #latencyMs: number

  /** `latencyMs` is what a warm takes from issue to readable, until outcomes have told better. */
  constructor(options: GateOptions, latencyMs: number) {
    this.#options = options
    this.#tokens = options.burstMax
    this.#latencyMs = latencyMs
  }

  decide(candidates: readonly Candidate[], nowMs: number): GateDecision {
    this.#refill(nowMs)
    const issued: Candidate[] = []
    const suppressed = new Map<Suppression, number>()
    for (const candidate of candidates) {
      const why = this.#refusal(candidate, nowMs)
      if (why === null) {
        this.#remember(candidate.path, nowMs + this.#options.horizonMs)
        this.#tokens -= 1
        issued.push(candidate)
      } else suppressed.set(why, (suppressed.get(why) ?? 0) + 1)
    }
    return { issued, suppressed }
  }

  /** A read settles the file's prediction; it may be predicted again for its next read. */
  wasRead(path: string): void {
    this.#open.delete(path)
  }

  /** The file's prediction was not issued after all, and takes nothing of the workspace's share. */
  takenBack(path: string): void {
    if (this.#open.delete(path)) this.#tokens = Math.min(this.#options.burstMax, this.#tokens + 1)
  }

  /** A warm of this workspace took so long from issue to readable; later ones are expected to take alike. */
  tookMs(latencyMs: number): void {
    this.#latencyMs += (Math.max(0, latencyMs) - this.#latencyMs) / 8
  }

  get latencyMs(): number {
    return this.#latencyMs
  }

  #refusal(candidate: Candidate, nowMs: number): Suppression | null {
    const { cutOff } = this.#options
    if (cutOff !== 'decided') {
      if (candidate.probability < cutOff) return 'threshold'
      const openUntil = this.#open.get(candidate.path)
      if (openUntil !== undefined && openUntil > nowMs) return 'open'
      if (candidate.expectedAtMs < nowMs + this.#latencyMs / 2) return 'late'
    }
    return this.#tokens < 1 ? 'throttled' : null
  }

  #remember(path: string, untilMs: number): void {
    this.#open.delete(path)
    this.#open.set(path, untilMs)
    if (this.#open.size <= this.#options.openMax) return
    const oldest = this.#open.keys().next()
    if (oldest.done !== true) this.#open.delete(oldest.value)
  }

  #refill(nowMs: number): void {
    const elapsedMs = this.#refilledAtMs === null ? 0 : Math.max(0, nowMs - this.#refilledAtMs)
    this.#refilledAtMs = Math.max(nowMs, this.#refilledAtMs ?? nowMs)
    this.#tokens = Math.min(this.#options.burstMax, this.#tokens + (elapsedMs / 1_000) * this.#options.perSecondMax)
  }
}
