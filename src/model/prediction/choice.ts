import type { CacheView } from './cache-view.ts'
import { type Candidates, UNKNOWN } from './candidates.ts'
import { type DueHabit, nameHabit } from './clock-habits.ts'
import { HABIT_MIN, UNREAD_SHARE_MAX } from './decision.ts'
import { LIMITS } from './limits.ts'
import { OpenSession } from './open-sessions.ts'
import type { Prediction } from './predictor.ts'
import type { Sequence } from './sequences.ts'
import type { Moment, Weighed, Weigher } from './weigher.ts'

const NO_PREDICTIONS: readonly Prediction[] = []

/** What is known now; milliseconds since the Unix epoch. */
export type Present = Pick<Moment, 'context'> & { readonly nowMs: number }

/** Makes predictions of what was found worth a warm, as far as the share of the cache for unread warms allows. */
export class Choice {
  readonly #view: CacheView
  readonly #weigher: Weigher
  readonly #candidates: Candidates

  constructor(view: CacheView, weigher: Weigher, candidates: Candidates) {
    this.#view = view
    this.#weigher = weigher
    this.#candidates = candidates
  }

  /** The likeliest of `chosen`, which come least likely first, for a session that reads on at its pace from `nowMs` on. */
  predict(chosen: readonly Weighed[], session: OpenSession, nowMs: number): readonly Prediction[] {
    if (chosen.length === 0) return NO_PREDICTIONS
    const candidates = this.#candidates
    const surplus = Math.max(0, Math.ceil(chosen.length + this.#view.unread - this.#unreadMax()))
    return chosen.slice(surplus).map((one) => {
      const due = candidates.dueMs[one.slot] ?? UNKNOWN
      const expectedAtMs = nowMs + (due >= UNKNOWN ? session.msPerRead * 4 : due)
      return this.#weigher.predict(candidates, one, { nowMs, expectedAtMs })
    })
  }

  /** Weighs the files of the analyzer's last session, for a session that the clock expects. */
  prepare(habit: DueHabit, sequence: Sequence, { context, nowMs }: Present): readonly Prediction[] {
    const { analyzer, expectedMs } = habit
    const session = new OpenSession('', { sequence: 0, analyzer, timeMs: expectedMs, moves: this.#view.moves })
    const predictions: Prediction[] = []
    const candidates = this.#candidates
    const unreadMax = Math.floor(this.#unreadMax())
    for (let from = 0; from < sequence.length; from += LIMITS.candidatesMax) {
      nameHabit({ sequence, from, probability: habit.probability }, candidates)
      for (const one of this.#weigher.weigh({ context, session, candidates })) {
        if (this.#view.unread >= unreadMax) return predictions
        if (habit.probability < HABIT_MIN) continue
        predictions.push(this.#weigher.predict(candidates, one, { nowMs, expectedAtMs: expectedMs }))
      }
    }
    return predictions
  }

  /** Warms that may be in the cache unread at once, in files. */
  #unreadMax(): number {
    return this.#view.capacityFiles * UNREAD_SHARE_MAX
  }
}
