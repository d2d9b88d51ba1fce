import type { CandidateSource } from '../predict/source.ts'

const HOUR_MS = 3_600_000

/**
 * When the clock calls for predictions, workspace by workspace, in event time. A source that plans is asked when it is
 * due. For one that does not, a round comes at the product's interval after reads, and one more when the next hour
 * begins; then nothing changes any more until the next read, and a trace of years has no million rounds.
 */
export class ClockRounds {
  readonly #source: CandidateSource
  readonly #everyMs: number
  readonly #due = new Map<string, number>()
  readonly #readMs = new Map<string, number>()
  #nextMs = Number.POSITIVE_INFINITY

  constructor(source: CandidateSource, everyMs: number) {
    this.#source = source
    this.#everyMs = everyMs
  }

  /** Event time of the next round, Infinity when none is due. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Takes note that a workspace was read. */
  async wasRead(workspace: string, timeMs: number): Promise<void> {
    const planned = this.#source.nextTickMs?.(workspace)
    if (planned !== undefined) return this.#plan(workspace, await planned)
    this.#readMs.set(workspace, timeMs)
    const nextMs = (Math.floor(timeMs / this.#everyMs) + 1) * this.#everyMs
    const before = this.#due.get(workspace) ?? Number.POSITIVE_INFINITY
    this.#plan(workspace, before > timeMs ? Math.min(before, nextMs) : nextMs)
  }

  /** The workspaces whose round is due at `nowMs`. */
  due(nowMs: number): string[] {
    return [...this.#due].filter(([, dueMs]) => dueMs <= nowMs).map(([workspace]) => workspace)
  }

  /** Takes note that a workspace's round of `nowMs` was held. */
  async held(workspace: string, nowMs: number): Promise<void> {
    const planned = this.#source.nextTickMs?.(workspace)
    if (planned !== undefined) return this.#plan(workspace, await planned)
    const hourMs = (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS
    this.#plan(
      workspace,
      hourMs - (this.#readMs.get(workspace) ?? nowMs) <= HOUR_MS ? hourMs : Number.POSITIVE_INFINITY,
    )
  }

  #plan(workspace: string, dueMs: number): void {
    const before = this.#due.get(workspace)
    if (before === dueMs) return
    this.#due.set(workspace, dueMs)
    if (dueMs <= this.#nextMs) this.#nextMs = dueMs
    else if (before === this.#nextMs) this.#nextMs = Math.min(...this.#due.values())
  }
}
