/** The manual's four environments. */
import { NO_FIELDS, type StrategyFields } from './strategy.ts'

export const PRESETS = ['development', 'staging', 'production', 'ci'] as const

/**
 * Every strategy that is there without settings: `default` follows from the middle of the knob, `paths` warms the files
 * that a request names and nothing else.
 */
export const BUILT_IN_STRATEGIES = ['default', 'paths', ...PRESETS] as const
type BuiltIn = (typeof BUILT_IN_STRATEGIES)[number]

/** What the changed files of `ci` are compared with unless a run names another base. */
export const CI_BASE = 'HEAD~1'

/** CI jobs wait for a run: it has this time unless told otherwise. */
const CI_TIME_LIMIT_MS = 60_000

const CI_WORKERS_MAX = 8

/**
 * What a strategy states that is there without settings; `cpus` are those of the machine that asks (`ci` runs min(8,
 * cpus) workers).
 */
export function builtInFields(name: BuiltIn, cpus: number): StrategyFields {
  switch (name) {
    case 'default':
      return NO_FIELDS
    case 'paths':
      return { ...NO_FIELDS, priorityFiles: [], dependencyDepth: 0, predictivePrefetch: false }
    case 'development':
      return { ...NO_FIELDS, dependencyDepth: 3, parallelWorkers: 4, batchSize: 25, memoryPressureThreshold: 0.8 }
    case 'staging':
      return { ...NO_FIELDS, dependencyDepth: 2, parallelWorkers: 6, batchSize: 50, memoryPressureThreshold: 0.7 }
    case 'production':
      return { ...NO_FIELDS, dependencyDepth: 2, parallelWorkers: 8, batchSize: 75, memoryPressureThreshold: 0.6 }
    case 'ci':
      return {
        ...NO_FIELDS,
        priorityFiles: [{ kind: 'changed', value: CI_BASE, count: 0 }],
        dependencyDepth: 2,
        parallelWorkers: Math.max(1, Math.min(CI_WORKERS_MAX, Math.floor(cpus))),
        memoryPressureThreshold: 0.6,
        timeLimitMs: CI_TIME_LIMIT_MS,
      }
  }
}

export const isBuiltIn = (name: string): name is BuiltIn => BUILT_IN_STRATEGIES.some((one) => one === name)
