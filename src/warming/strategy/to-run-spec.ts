/** A strategy that is asked for: what the run is to do. */
import type { WarmRequest } from '../command.ts'
import type { FileSelector, RunSpec } from './run-spec.ts'
import type { Strategy } from './strategy.ts'

/** What one run does otherwise than its strategy says. */
export type RunWish = {
  /** Files by name, before all others; with them or `selectors` the strategy's own priority files are left out. */
  readonly paths: readonly string[]
  readonly selectors: readonly FileSelector[]
  /** Only look which files are in the cache. */
  readonly check: boolean
  /** The run whose files that were not warmed are tried again. */
  readonly retryOf: string | null
}

export const NO_WISH: RunWish = { paths: [], selectors: [], check: false, retryOf: null }

export type RunOrigin = {
  readonly id: string
  readonly workspace: string
  readonly revision: string | null
  readonly requestedAtMs: number
  readonly requestedBy: string
}

/** What a run is to do: the strategy, with what its wish names in the place of the priority files. */
export function toRunSpec(strategy: Strategy, wish: RunWish = NO_WISH): RunSpec {
  const named = wish.paths.length > 0 || wish.selectors.length > 0
  return {
    selectors: wish.retryOf !== null ? [] : named ? wish.selectors : strategy.priorityFiles,
    dependencyDepth: strategy.dependencyDepth,
    parallelWorkers: strategy.parallelWorkers,
    batchSize: strategy.batchSize,
    predictivePrefetch: strategy.predictivePrefetch,
    accessPatternLearning: strategy.accessPatternLearning,
    pressureMax: strategy.memoryPressureThreshold,
    filesMax: strategy.filesMax,
    bytesMax: strategy.bytesMax,
    bytesPerSecondMax: strategy.bytesPerSecondMax,
    aggressiveness: strategy.aggressiveness,
    check: wish.check,
    retryOf: wish.retryOf,
  }
}

/** The record that asks for a run of a strategy. */
export const toWarmRequest = (strategy: Strategy, origin: RunOrigin, wish: RunWish = NO_WISH): WarmRequest => ({
  ...origin,
  action: 'run',
  strategy: strategy.name,
  paths: wish.paths,
  layers: strategy.layers,
  deadlineMs: origin.requestedAtMs + strategy.timeLimitMs,
  spec: toRunSpec(strategy, wish),
})
