import type { LearnedPredictor } from '../../model/prediction/learned.ts'
import type { ModelReader } from '../../ports/model-reader.ts'

/** Sessions remembered as known; more than any store keeps of one workspace, so none is learned twice. */
const KNOWN_MAX = 16_384

/** Between two looks into the store, ms. */
const PAUSE_MS = 500

/**
 * Which sessions of a workspace its predictor has had: those it follows read by read, and closed ones from the model
 * store, which other processes followed or which were before its time. Each is learned once.
 */
export class KnownSessions {
  readonly #models: Pick<ModelReader, 'closedSessions'>
  readonly #workspace: string
  readonly #sessionsMax: number
  #lookedAtMs = Number.NEGATIVE_INFINITY
  /** The oldest first; true for those that came from the store. */
  readonly #known = new Map<string, boolean>()

  constructor(models: Pick<ModelReader, 'closedSessions'>, workspace: string, sessionsMax: number) {
    this.#models = models
    this.#workspace = workspace
    this.#sessionsMax = sessionsMax
  }

  /** Notes that the session is followed here; true when it was not known before. */
  follow(session: string): boolean {
    if (this.#known.has(session)) return false
    this.#note(session, false)
    return true
  }

  /** Whether the session was learned from the store, whole. */
  isStored(session: string): boolean {
    return this.#known.get(session) === true
  }

  /** As `learn`, unless that was done a moment ago. */
  async learnIfDue(predictor: Pick<LearnedPredictor, 'learnSession'>, nowMs: number): Promise<void> {
    if (nowMs - this.#lookedAtMs < PAUSE_MS) return
    this.#lookedAtMs = nowMs
    await this.learn(predictor)
  }

  /** Learns the closed sessions that have come into the store. Rejects with FW_STORE_UNAVAILABLE. */
  async learn(predictor: Pick<LearnedPredictor, 'learnSession'>): Promise<void> {
    const isNew = (session: string) => !this.#known.has(session)
    const closed = await this.#models.closedSessions(this.#workspace, this.#sessionsMax, isNew)
    for (const session of closed) {
      // Its first event may have come while the store was read.
      if (!isNew(session.session)) continue
      this.#note(session.session, true)
      predictor.learnSession(session)
    }
  }

  #note(session: string, isStored: boolean): void {
    this.#known.set(session, isStored)
    const oldest = this.#known.keys().next()
    if (this.#known.size > KNOWN_MAX && oldest.done !== true) this.#known.delete(oldest.value)
  }
}
