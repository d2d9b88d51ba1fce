/** Who waits for a place: what is `urgent` comes before all that is `patient`. */
export type Urgency = 'urgent' | 'patient'

/** Among the urgent who has the lower `turn` comes first; the patient come as they have come. */
export type Claim = { readonly urgency: Urgency; readonly turn: number }

const URGENT: Claim = { urgency: 'urgent', turn: 0 }

type Waiter = { readonly turn: number; readonly enter: () => void }

/** Part of the places that is kept for what is urgent: of 16 two, of fewer than 8 none. */
const KEPT_SHARE = 1 / 8

/** A bounded number of places; who finds none free waits in line. What keeps memory and an origin's load bounded. */
export class Slots {
  #max: number
  #taken = 0
  readonly #waiting: Readonly<Record<Urgency, Waiter[]>> = { urgent: [], patient: [] }

  constructor(max: number) {
    this.#max = max
  }

  /** Resolves when a place is the caller's, who must release it; rejects with the signal's reason. */
  async take(signal: AbortSignal, { urgency, turn }: Claim = URGENT): Promise<void> {
    signal.throwIfAborted()
    if (this.#taken < this.#placesFor(urgency)) {
      this.#taken += 1
      return
    }
    const waiting = this.#waiting[urgency]
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const waiter = { turn: urgency === 'urgent' ? turn : 0, enter }
      const leave = (): void => {
        waiting.splice(waiting.indexOf(waiter), 1)
        reject(signal.reason)
      }
      waiting.splice(waiting.findLastIndex((other) => other.turn <= waiter.turn) + 1, 0, waiter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  release(): void {
    this.#taken -= 1
    this.#admit()
  }

  /** Changes how many places there are; places that are taken beyond it are given up as they are released. */
  resize(max: number): void {
    this.#max = max
    this.#admit()
  }

  #admit(): void {
    for (const urgency of ['urgent', 'patient'] as const) {
      while (this.#taken < this.#placesFor(urgency)) {
        const next = this.#waiting[urgency].shift()
        if (next === undefined) break
        this.#taken += 1
        next.enter()
      }
    }
  }

  #placesFor(urgency: Urgency): number {
    return urgency === 'urgent' ? this.#max : this.#max - Math.floor(KEPT_SHARE * this.#max)
  }
}
