/**
 * The arithmetic of a budget that many spend from: the generic cell rate algorithm (ITU-T I.371, annex A), a token bucket
 * whose whole state is one time. Adapters keep that time; the Redis adapter has the same lines in spend-1.lua.
 */

export type SpendLimit = {
  /** What may be spent a second in the long run; more than 0. */
  readonly perSecond: number
  /** What may be spent at once after a pause. An amount above it is spent too, and waited for. */
  readonly burst: number
  /** Who would have to wait longer spends nothing; at most SPEND_WAIT_MS_MAX. */
  readonly waitMsMax: number
}

/** No budget is spent further ahead, so a state that lies beyond comes from a clock that went back, and is dropped. */
export const SPEND_WAIT_MS_MAX = 600_000

export type Spent = {
  /** How long to wait before what was spent is used; above `waitMsMax` nothing was spent. Milliseconds. */
  readonly waitMs: number
  /** When the budget will be full again, milliseconds: its new state. */
  readonly fullAtMs: number
}

/** Spends from a budget that is full at `fullAtMs` (null for one that nobody has spent from). */
export function spend(fullAtMs: number | null, nowMs: number, amount: number, limit: SpendLimit): Spent {
  const fillMs = (limit.burst / limit.perSecond) * 1_000
  const isSound = fullAtMs !== null && fullAtMs <= nowMs + SPEND_WAIT_MS_MAX + fillMs
  const beforeMs = Math.max(nowMs, isSound ? fullAtMs : nowMs)
  const afterMs = beforeMs + (amount / limit.perSecond) * 1_000
  const waitMs = Math.max(0, Math.ceil(afterMs - fillMs - nowMs))
  return { waitMs, fullAtMs: waitMs > limit.waitMsMax ? beforeMs : afterMs }
}
