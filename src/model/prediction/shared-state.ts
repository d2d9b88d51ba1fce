import { CacheView } from './cache-view.ts'
import type { Calibration } from './calibration.ts'
import { PRECISION } from './decision.ts'
import { Precedents } from './precedents.ts'
import type { PredictorOptions } from './predictor.ts'
import { Scorer } from './scorer.ts'
import { SharedMovements } from './shared-movements.ts'
import { Worth } from './worth.ts'

/** What the predictors of one process have in common: the belief about the one cache, the scorer, what a place is worth. */
export type SharedState = {
  readonly view: CacheView
  readonly scorer: Scorer
  readonly worth: Worth
  /** What sessions read next in other workspaces. */
  readonly precedents: Precedents
  /** Where several processes use one cache: what they tell one another of it. */
  readonly movements?: SharedMovements
  /** Told how the near horizon's promises come true, where somebody wants to know. */
  readonly calibration?: Calibration
}

/** What the predictors of one process begin with: nothing learned yet. */
export function createSharedState(options: PredictorOptions): SharedState {
  const view = new CacheView(options.capacityFiles, options.latencyMs, options.lives)
  return {
    view,
    scorer: new Scorer(),
    worth: new Worth(PRECISION[options.aggressiveness]),
    precedents: new Precedents(),
    ...(options.isOneOfMany && { movements: new SharedMovements(view) }),
  }
}
