import { CacheView } from './cache-view.ts'
import type { PredictorOptions } from './predictor.ts'
import { Scorer } from './scorer.ts'

/** What the predictors of one process have in common: the belief about the one cache, and the scorer. */
export type SharedState = { readonly view: CacheView; readonly scorer: Scorer }

export function createSharedState(options: PredictorOptions): SharedState {
  return { view: new CacheView(options.capacityFiles, options.latencyMs, options.adapts), scorer: new Scorer() }
}
