import type { Clock } from '../../ports/clock.ts'
import type { BatchVerdict } from '../../ports/event-log.ts'

export type InHandOptions = {
  readonly clock: Clock
  /** Records in hand at the most. */
  readonly recordsMax: number
  /** Offsets that they may lie apart: what is ended beyond one that is not is done again when the process dies. */
  readonly spanMax: number
  /** What others have overtaken may go on for so long after the partition is lost. */
  readonly drainMs: number
  /** Aborted when the partition is lost or the consumer is to stop. */
  readonly lost: AbortSignal
}

type Item = { readonly offset: number; readonly stopping: AbortController }

/**
 * Records of one partition that are worked on side by side, also beyond the batch that they came in. What is committed is
 * the offset of the first that has not ended, so nothing is lost when the process dies. When the partition is lost all work
 * is told to end; but what lies before something that has ended gets a while, that nothing is done twice.
 */
export class InHand {
  readonly #options: InHandOptions
  readonly #items = new Set<Item>()
  #next = 0
  /** The last offset that has ended, or is about to. */
  #endedMax = -1
  /** The first offset whose work was given up; nothing from there on is committed. */
  #dropped = Number.POSITIVE_INFINITY
  #failure: { readonly error: unknown } | null = null
  #isTaking = false
  /** Whether somebody waits for the end of all that is in hand. */
  #isFollowed = false
  /** Aborted once nothing is in hand. */
  #drained = new AbortController()
  #changed = Promise.withResolvers<void>()

  constructor(options: InHandOptions) {
    this.#options = options
    const { lost } = options
    if (lost.aborted) this.#giveUp()
    else lost.addEventListener('abort', () => this.#giveUp(), { once: true })
  }

  /** Waits until one more record may be begun, or none is to be begun any more. Rejects when one has failed. */
  async roomFor(offset: number): Promise<void> {
    const { recordsMax, spanMax, lost } = this.#options
    while (!lost.aborted && (this.#items.size >= recordsMax || offset - this.#firstOpen(offset) >= spanMax))
      await this.#change()
    this.#throwFailure()
  }

  /**
   * Begins a record; false when none is to be begun any more. `work` calls `ending` just before it can no longer be
   * given up without trace; when it resolves the record has ended; when it rejects with the reason of its signal it was
   * given up; any other rejection is a failure of all.
   */
  begin(offset: number, work: (stop: AbortSignal, ending: () => void) => Promise<void>): boolean {
    if (this.#options.lost.aborted) return false
    const item = { offset, stopping: new AbortController() }
    if (this.#items.size === 0) this.#drained = new AbortController()
    this.#items.add(item)
    this.#next = offset + 1
    const ending = () => {
      this.#endedMax = Math.max(this.#endedMax, offset)
    }
    void this.#follow(item, work(item.stopping.signal, ending))
    return true
  }

  /**
   * Runs what takes the records of a batch and answers the offset to read next. The verdict brings the promise of the
   * end of all that is in hand, unless one is pending already; that one does not come before a batch that is being
   * taken has its verdict, so that what is committed never goes back.
   */
  async take(records: () => Promise<number>): Promise<BatchVerdict> {
    this.#isTaking = true
    try {
      return this.#verdict(await records())
    } finally {
      this.#isTaking = false
      this.#tell()
    }
  }

  #verdict(next: number): BatchVerdict {
    this.#throwFailure()
    this.#next = next
    const verdict = { next, commit: this.#committable() }
    if (this.#items.size === 0 || this.#isFollowed) return verdict
    this.#isFollowed = true
    return { ...verdict, inHand: this.#untilEmpty() }
  }

  async #follow(item: Item, work: Promise<void>): Promise<void> {
    const { signal } = item.stopping
    try {
      await work
    } catch (error) {
      if (signal.aborted && error === signal.reason) this.#dropped = Math.min(this.#dropped, item.offset)
      else this.#fail(error)
    }
    this.#items.delete(item)
    if (this.#items.size === 0) this.#drained.abort()
    this.#tell()
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #untilEmpty(): Promise<number> {
    while (this.#items.size > 0 || this.#isTaking) await this.#change()
    this.#isFollowed = false
    this.#throwFailure()
    return this.#committable()
  }

  #change(): Promise<void> {
    const { lost } = this.#options
    if (lost.aborted) return this.#changed.promise
    const told = Promise.withResolvers<void>()
    const tell = () => told.resolve()
    lost.addEventListener('abort', tell, { once: true })
    return Promise.race([this.#changed.promise, told.promise]).finally(() => lost.removeEventListener('abort', tell))
  }

  #giveUp(): void {
    const { clock, drainMs, lost } = this.#options
    const drop = (items: Iterable<Item>) => {
      for (const { stopping } of items) stopping.abort(lost.reason)
    }
    const isOvertaken = ({ offset }: Item) => offset < this.#endedMax
    drop([...this.#items].filter((item) => !isOvertaken(item)))
    if (this.#items.size === 0) return
    clock.sleep(drainMs, this.#drained.signal).then(
      () => drop(this.#items),
      () => {},
    )
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    for (const { stopping } of this.#items) stopping.abort(error)
  }

  #firstOpen(otherwise: number): number {
    let first = otherwise
    for (const { offset } of this.#items) first = Math.min(first, offset)
    return first
  }

  #committable(): number {
    return Math.min(this.#dropped, this.#firstOpen(this.#next))
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}
