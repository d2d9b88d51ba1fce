import fc from 'fast-check'
import { sha256Hex } from '../../src/adapters/digest.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { DEFAULT_LIMITS, type ModelLimits } from '../../src/model/limits.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'

/** Random histories of one workspace, small enough that every limit is reached within a few dozen records. */
export type HistoryRecord =
  | { readonly topic: 'access-events'; readonly event: AccessEvent }
  | { readonly topic: 'warm-outcomes'; readonly outcome: WarmOutcome }

const MINUTE = 60_000

export const SMALL_LIMITS: ModelLimits = {
  ...DEFAULT_LIMITS,
  sessionIdleMs: 5 * MINUTE,
  coAccessWindow: 4,
  coAccessMax: 3,
  successorsMax: 2,
  accessTimesMax: 5,
  filesMax: 6,
  openSessionsMax: 3,
  closedSessionsMax: 4,
  sequenceMax: 10,
  sequenceChunk: 4,
  analyzersMax: 2,
  profileFilesMax: 3,
  openPredictionsPerFileMax: 2,
  openPredictionsMax: 5,
  outcomesRememberedMax: 6,
  runsMax: 4,
  runDetailsMax: 2,
  runChunk: 3,
  runChunksMax: 6,
  minutesMax: 3,
  halfLifeMs: 60 * MINUTE,
  memoryMs: 180 * MINUTE,
}

/** `__proto__` and friends are file names like others; the last two belong to the control group. */
export const PATHS = [
  'a.ts',
  'src/b.ts',
  'src/ü.ts',
  '__proto__',
  'constructor',
  '7',
  'g',
  'h',
  'i',
  ...Array.from({ length: 500 }, (_, at) => `control-${at}`)
    .filter((path) => Number.parseInt(sha256Hex(path).slice(8, 16), 16) % 50 === 0)
    .slice(0, 2),
]

const path = fc.constantFrom(...PATHS)
/** Steps of event time: mostly forward by seconds, at times far ahead (epochs) or back, often a round number. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: -4, max: 10 }).map((minutes) => minutes * MINUTE) },
  { weight: 2, arbitrary: fc.integer({ min: -20 * MINUTE, max: 20 * MINUTE }) },
  { weight: 1, arbitrary: fc.integer({ min: -100 * MINUTE, max: 250 * MINUTE }) },
)

const access = fc.record({
  path,
  step,
  outcome: fc.constantFrom('unknown', 'hit', 'warmHit', 'miss', 'stale'),
} as const)

const event = fc.record({
  kind: fc.constant('event' as const),
  session: fc.constantFrom('s1', 's2', 's3', 's4', 's5', 's6'),
  analyzer: fc.constantFrom('lint', 'types', 'index'),
  publisher: fc.constantFrom('', 'p1', 'p2'),
  /** How many accesses of the publisher are sent again, or left out. */
  overlap: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -2, max: 4 })),
  accesses: fc.array(access, { maxLength: 8 }),
  changes: fc.array(fc.record({ path: fc.option(path), step }), { maxLength: 2 }),
  sessionEnded: fc.nat(4).map((n) => n === 0),
  forget: fc.nat(60).map((n) => n === 0),
})

const outcomeFile = fc.record({
  path,
  layer: fc.constantFrom('content', 'ast'),
  outcome: fc.constantFrom(
    'warmed',
    'warmed',
    'refreshed',
    'present',
    'control',
    'skipped',
    'missing',
    'failed',
    'cold',
  ),
  detail: fc.constantFrom('', '', 'pressure', 'other', ...Array.from({ length: 40 }, (_, at) => `detail-${at}`)),
  version: fc.constantFrom(null, 'v1', sha256Hex('v1').slice(0, 40), sha256Hex('v2').slice(0, 40), '__proto__'),
  bytes: fc.nat(3_000_000_000),
  reason: fc.constantFrom('correlation', 'profile', 'request'),
  finishedAfter: fc.oneof(fc.constantFrom(0, MINUTE), fc.integer({ min: 0, max: MINUTE })),
  horizonAfter: fc.oneof(fc.constantFrom(MINUTE, 2 * MINUTE, null), fc.integer({ min: -1_000, max: 10 * MINUTE })),
} as const)

const outcome = fc.record({
  kind: fc.constant('outcome' as const),
  command: fc.nat(12),
  run: fc.constantFrom(null, null, null, 'r1', 'r1', 'r1', 'r2', 'r2', 'r3', 'r4', 'r5', 'r6'),
  mode: fc.constantFrom('warm', 'warm', 'check'),
  /** Some are beyond the places that a run may have. */
  firstFile: fc.oneof(fc.nat(4), fc.nat(20)),
  pressure: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  issuedStep: fc.oneof(fc.constantFrom(-MINUTE, 0), fc.integer({ min: -2 * MINUTE, max: MINUTE })),
  files: fc.array(outcomeFile, { minLength: 1, maxLength: 5 }),
} as const)

const START = 1_760_000_000_000

/** Histories of `records` records at the most. */
export function histories(workspace: string, records: number): fc.Arbitrary<HistoryRecord[]> {
  const weighted = fc.oneof({ weight: 3, arbitrary: event }, { weight: 1, arbitrary: outcome })
  return fc.array(weighted, { minLength: 1, maxLength: records }).map((drafts) => {
    let nowMs = START
    const sent = new Map<string, number>()
    return drafts.map((draft): HistoryRecord => {
      if (draft.kind === 'outcome') {
        return { topic: 'warm-outcomes', outcome: toOutcome(workspace, draft, nowMs) }
      }
      const key = `${draft.session} ${draft.publisher}`
      const sequence = Math.max(0, (sent.get(key) ?? 0) - draft.overlap)
      sent.set(key, sequence + draft.accesses.length)
      const accesses = draft.accesses.map((one) => {
        nowMs += one.step
        return { path: one.path, timeMs: nowMs, layer: 'content', version: null, outcome: one.outcome, warmedBy: null }
      })
      const changes = draft.changes.map((one) => ({ path: one.path, timeMs: nowMs + one.step, version: `v${nowMs}` }))
      const { session, analyzer, publisher, sessionEnded, forget } = draft
      const body = { session, analyzer, revision: null, publisher, sequence, sessionEnded, forget, accesses, changes }
      return { topic: 'access-events', event: { workspace, ...body } }
    })
  })
}

type OutcomeDraft = typeof outcome extends fc.Arbitrary<infer Draft> ? Draft : never

function toOutcome(workspace: string, draft: OutcomeDraft, nowMs: number): WarmOutcome {
  const issuedAtMs = nowMs + draft.issuedStep
  return {
    commandId: `c${draft.command}`,
    workspace,
    shard: 0,
    runId: draft.run,
    worker: 'w',
    issuedAtMs,
    mode: draft.mode,
    firstFile: draft.firstFile,
    pressure: draft.pressure,
    files: draft.files.map((file) => ({
      path: file.path,
      layer: file.layer,
      version: file.version,
      outcome: file.outcome,
      detail: file.detail,
      bytes: file.bytes,
      finishedAtMs: issuedAtMs + file.finishedAfter,
      reason: file.reason,
      probability: 0.5,
      horizonAtMs: file.horizonAfter === null ? 0 : issuedAtMs + file.horizonAfter,
    })),
  }
}
