/**
 * Where a run stands. The first three go on; a run ends once, in one of the others: `complete` when every planned file is
 * in the cache and was verified there, `partial` when some are not, `failed` when it could not be planned or none is.
 */
export const RUN_STATES = [
  'planning',
  'warming',
  'verifying',
  'complete',
  'partial',
  'cancelled',
  'timedOut',
  'failed',
] as const
export type RunState = (typeof RUN_STATES)[number]

export const hasEnded = (state: RunState): boolean => !['planning', 'warming', 'verifying'].includes(state)
