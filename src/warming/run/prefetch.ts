/** What the models expect to be read beside the priority files of a run. */
import { CUT_OFFS } from '../../model/candidates/gate.ts'
import { manualCorrelated } from '../../model/candidates/manual.ts'
import type { RunSpec } from '../strategy/run-spec.ts'
import type { PlannedPath } from './order.ts'

/** How long what a run predicts claims a read, ms: the manual's hour. */
const HORIZON_MS = 3_600_000

type Neighbour = { readonly path: string; readonly count: number }

export type PrefetchOptions = Pick<RunSpec, 'aggressiveness' | 'accessPatternLearning'> & { readonly nowMs: number }

/**
 * Files that are read with a priority file, by the manual's rules: read together at least five times, a strength above
 * one half, the ten strongest.
 */
export const correlatedFiles = (
  file: { readonly frequency: number; readonly coAccess: readonly Neighbour[] },
  options: PrefetchOptions,
): PlannedPath[] =>
  manualCorrelated(file, options.nowMs).map(({ path, probability, expectedAtMs }) =>
    predicted({ path, probability, expectedAtMs, reason: 'correlation' }, options),
  )

/** Files that an analyzer's sessions read, as far as the share of sessions passes the cut-off of the one knob. */
export const profiledFiles = (
  profile: { readonly sessions: number; readonly files: readonly Neighbour[] },
  options: PrefetchOptions,
): PlannedPath[] =>
  profile.files
    .map(({ path, count }) => ({ path, probability: Math.min(1, count / (profile.sessions + 1)) }))
    .filter(({ probability }) => probability >= CUT_OFFS[options.aggressiveness])
    .map((file) => predicted({ ...file, reason: 'profile', expectedAtMs: options.nowMs }, options))

/** A prediction that nobody is to learn from claims no read. */
const predicted = (
  file: Pick<PlannedPath, 'path' | 'probability' | 'reason' | 'expectedAtMs'>,
  { nowMs, accessPatternLearning }: PrefetchOptions,
): PlannedPath => ({ ...file, depth: 1, horizonAtMs: accessPatternLearning ? nowMs + HORIZON_MS : 0 })
