import type { RunCount } from '../../ports/runs.ts'
import type { Tone } from './bar.tsx'

export const TONES: Readonly<Record<RunCount['outcome'], Tone>> = {
  warmed: 'good',
  refreshed: 'good',
  present: 'ready',
  control: 'cold',
  skipped: 'late',
  cold: 'late',
  missing: 'bad',
  denied: 'bad',
  failed: 'bad',
  pending: 'none',
}

const THERE: ReadonlySet<Tone> = new Set(['good', 'ready'])
const NOT_WARMED: ReadonlySet<Tone> = new Set(['late', 'bad'])

/** Whether the file of a run is in the cache. */
export const isThere = (outcome: RunCount['outcome']): boolean => THERE.has(TONES[outcome])

/** Whether the file of a run is not in the cache although it was asked for. */
export const isNotWarmed = (outcome: string): boolean => NOT_WARMED.has(TONES[outcome as RunCount['outcome']])
