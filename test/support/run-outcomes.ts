import fc from 'fast-check'
import type { WarmOutcome } from '../../src/model/outcome.ts'

const START = 1_760_000_000_000

const kind = fc.constantFrom('warmed', 'refreshed', 'present', 'skipped', 'failed', 'cold')
const outcome = fc.record({
  run: fc.nat(12),
  mode: fc.constantFrom('warm', 'warm', 'check'),
  firstFile: fc.oneof(fc.nat(20), fc.nat(210)),
  kinds: fc.oneof(
    fc.array(kind, { minLength: 1, maxLength: 3 }),
    fc.array(kind, { minLength: 40, maxLength: 100, size: 'max' }),
  ),
  detail: fc.nat(45),
  pressure: fc.nat(1_000_000),
  finished: fc.nat(100_000),
} as const)

function toOutcome(draft: typeof outcome extends fc.Arbitrary<infer Draft> ? Draft : never): WarmOutcome {
  const { run, mode, firstFile, kinds, detail, pressure, finished } = draft
  return {
    commandId: `r${run}/${mode}${firstFile}`,
    workspace: 'w',
    shard: 0,
    runId: `r${run}`,
    worker: 'w',
    issuedAtMs: START,
    mode,
    firstFile,
    pressure: pressure / 1_000_000,
    files: kinds.map((kind, at) => ({
      path: `f${firstFile + at}`,
      layer: 'content',
      version: null,
      outcome: kind,
      detail: detail > 35 ? '' : `detail-${detail + at}`,
      bytes: at,
      finishedAtMs: START + finished + at,
      reason: 'changed',
      probability: 1,
      horizonAtMs: 0,
    })),
  }
}

/** Outcomes of a dozen runs, in no order, many of them more than once and with other answers. */
export const runOutcomes = fc.array(outcome.map(toOutcome), { minLength: 1, maxLength: 40 })
