/** What a person decides about warming, and what follows where nothing is decided. docs/strategies.md has the table. */
import type { Aggressiveness, FileSelector } from './run-spec.ts'

/** A strategy with every value decided. Names are the manual's. */
export type Strategy = {
  readonly name: string
  /** What a run begins with, the most important first. */
  readonly priorityFiles: readonly FileSelector[]
  /** How far imports of the priority files are followed, 1..5. */
  readonly dependencyDepth: number
  /** Files in flight over all workers, 1..16. */
  readonly parallelWorkers: number
  /** Files of one command before it adapts to pressure, 1..200. */
  readonly batchSize: number
  /** Whether what the models expect beside the priority files is warmed too. */
  readonly predictivePrefetch: boolean
  /** Whether later reads of the run's files settle its predictions, so that accuracy is learned from them. */
  readonly accessPatternLearning: boolean
  /** Memory pressure, 0..1, above which warming stops. */
  readonly memoryPressureThreshold: number
  /** Time for a run to end. */
  readonly timeLimitMs: number
  /** Files of one run; 0 for no bound. */
  readonly filesMax: number
  /** Bytes that one run may bring in; 0 for no bound. */
  readonly bytesMax: number
  /** Bytes a second over all workers; 0 for no bound. */
  readonly bytesPerSecondMax: number
  readonly layers: readonly string[]
  readonly aggressiveness: Aggressiveness
}

/** A strategy as somebody states it: null leaves a value to the preset, else to `aggressiveness`. */
export type StrategyFields = { readonly [Field in Exclude<keyof Strategy, 'name'>]: Strategy[Field] | null }

/** What each value may be; settings, strategy files and the gateway check against these. */
export const STRATEGY_BOUNDS = {
  dependencyDepth: { minimum: 1, maximum: 5 },
  parallelWorkers: { minimum: 1, maximum: 16 },
  batchSize: { minimum: 1, maximum: 200 },
  memoryPressureThreshold: { minimum: 0, maximum: 1 },
  timeLimitMs: { minimum: 1_000, maximum: 86_400_000 },
  filesMax: { minimum: 0, maximum: 1_000_000 },
  bytesMax: { minimum: 0, maximum: 1e15 },
  bytesPerSecondMax: { minimum: 0, maximum: 1e12 },
} as const

export const NO_FIELDS: StrategyFields = {
  priorityFiles: null,
  dependencyDepth: null,
  parallelWorkers: null,
  batchSize: null,
  predictivePrefetch: null,
  accessPatternLearning: null,
  memoryPressureThreshold: null,
  timeLimitMs: null,
  filesMax: null,
  bytesMax: null,
  bytesPerSecondMax: null,
  layers: null,
  aggressiveness: null,
}

type Derived = Omit<Strategy, 'name' | 'aggressiveness'>

const MINUTE_MS = 60_000
const MIB = 1_048_576
const MOST_ACCESSED: FileSelector = { kind: 'mostAccessed', value: '', count: 1_000 }
const ALL_FILES: FileSelector = { kind: 'glob', value: '**', count: 0 }

/** Unset values by the knob. `medium` is the manual's defaults where it has one. */
export const DERIVED: Readonly<Record<Aggressiveness, Derived>> = {
  low: {
    priorityFiles: [MOST_ACCESSED],
    dependencyDepth: 1,
    parallelWorkers: 2,
    batchSize: 25,
    predictivePrefetch: false,
    accessPatternLearning: true,
    memoryPressureThreshold: 0.6,
    timeLimitMs: 10 * MINUTE_MS,
    filesMax: 10_000,
    bytesMax: 1_024 * MIB,
    bytesPerSecondMax: 16 * MIB,
    layers: ['content'],
  },
  medium: {
    priorityFiles: [MOST_ACCESSED, ALL_FILES],
    dependencyDepth: 2,
    parallelWorkers: 4,
    batchSize: 50,
    predictivePrefetch: true,
    accessPatternLearning: true,
    memoryPressureThreshold: 0.8,
    timeLimitMs: 30 * MINUTE_MS,
    filesMax: 100_000,
    bytesMax: 0,
    bytesPerSecondMax: 0,
    layers: ['content'],
  },
  high: {
    priorityFiles: [MOST_ACCESSED, ALL_FILES],
    dependencyDepth: 3,
    parallelWorkers: 8,
    batchSize: 100,
    predictivePrefetch: true,
    accessPatternLearning: true,
    memoryPressureThreshold: 0.9,
    timeLimitMs: 60 * MINUTE_MS,
    filesMax: 0,
    bytesMax: 0,
    bytesPerSecondMax: 0,
    layers: ['content'],
  },
}

/** Decides what nobody has stated: the first of `stated` that says something, else what the knob gives. */
export function completeStrategy(name: string, stated: readonly StrategyFields[]): Strategy {
  const joined = stated.reduceRight(over, NO_FIELDS)
  const aggressiveness = joined.aggressiveness ?? 'medium'
  return { ...DERIVED[aggressiveness], ...present(joined), name, aggressiveness }
}

/** Fields of one statement, with those of another where it states none. */
const over = (below: StrategyFields, above: StrategyFields): StrategyFields => ({ ...below, ...present(above) })

const present = (fields: StrategyFields): Partial<Derived> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
