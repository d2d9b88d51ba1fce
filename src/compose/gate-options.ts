/** What holds candidates back before they become commands; the same when a trace is replayed. */
import type { Settings } from '../config/schema.ts'
import { CUT_OFFS, type GateOptions } from '../model/candidates/gate.ts'

/** Predictions of a workspace remembered as open. */
const OPEN_MAX = 100_000

/** Seconds of the share that may be issued at once. */
const BURST_SECONDS = 2

type Held = Pick<Settings['predict'], 'aggressiveness' | 'horizonMs'> & {
  /** `none`: there is nothing to hold back. */
  readonly predictor: Settings['predict']['predictor'] | 'none'
}

export const gateOptions = ({ predictor, aggressiveness, horizonMs }: Held, perSecondMax: number): GateOptions => ({
  cutOff: predictor === 'learned' ? 'decided' : predictor === 'manual' ? 0 : CUT_OFFS[aggressiveness],
  horizonMs,
  perSecondMax,
  burstMax: perSecondMax * BURST_SECONDS,
  openMax: OPEN_MAX,
})
