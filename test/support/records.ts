import fc from 'fast-check'
import type { Access, AccessEvent } from '../../src/model/access.ts'
import { OUTCOME_KINDS } from '../../src/model/fold/prediction.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'
import type { CodedTopic, TopicValues } from '../../src/ports/codec.ts'
import type { WarmCommand, WarmRequest } from '../../src/warming/command.ts'
import { AGGRESSIVENESS, type RunSpec, SELECTOR_KINDS } from '../../src/warming/strategy/run-spec.ts'
import { wirePathProblem } from '../../src/wire/path.ts'

/** Arbitrary valid records of every topic, hostile names included. */

const name = (lengthMax: number) =>
  fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'a', '#', 'ünï/côdé'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => /^\P{Cc}+$/u.test(text)),
    fc.constant('x'.repeat(lengthMax)),
  )
const path = fc.oneof(
  fc.constantFrom('__proto__', 'src/__proto__/constructor.ts', 'a', '.hidden/..x/y...', 'with space/ü.ts', 'C:x'),
  fc
    .array(fc.stringMatching(/^[\w.-]{1,12}$/), { minLength: 1, maxLength: 5 })
    .map((segments) => segments.join('/'))
    .filter((text) => wirePathProblem(text) === null),
)
const timeMs = fc.integer({ min: 0, max: 4_102_444_800_000 })
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null })
const few = { maxLength: 6 }

export const anyAccess: fc.Arbitrary<Access> = fc.record({
  path,
  timeMs,
  layer: name(64),
  version: optional(name(128)),
  outcome: fc.constantFrom('unknown' as const, 'hit' as const, 'warmHit' as const, 'miss' as const, 'stale' as const),
  warmedBy: optional(name(128)),
})

export const anyAccessEvent: fc.Arbitrary<AccessEvent> = fc.record({
  workspace: name(256),
  session: name(256),
  analyzer: name(128),
  revision: optional(name(256)),
  publisher: fc.oneof(fc.constant(''), name(128)),
  sequence: fc.nat(),
  sessionEnded: fc.boolean(),
  forget: fc.boolean(),
  accesses: fc.array(anyAccess, few),
  changes: fc.array(fc.record({ path: optional(path), timeMs, version: optional(name(128)) }), few),
})

const anySpec: fc.Arbitrary<RunSpec> = fc.record({
  selectors: fc.array(
    fc.record({ kind: fc.constantFrom(...SELECTOR_KINDS), value: name(256), count: fc.nat({ max: 1_000 }) }),
    few,
  ),
  dependencyDepth: fc.nat({ max: 5 }),
  parallelWorkers: fc.integer({ min: 1, max: 16 }),
  batchSize: fc.integer({ min: 1, max: 1_000 }),
  predictivePrefetch: fc.boolean(),
  accessPatternLearning: fc.boolean(),
  pressureMax: share,
  filesMax: fc.nat({ max: 1_000_000 }),
  bytesMax: fc.nat(),
  bytesPerSecondMax: fc.nat(),
  aggressiveness: fc.constantFrom(...AGGRESSIVENESS),
  check: fc.boolean(),
  retryOf: optional(name(128)),
})

const anyWarmRequest: fc.Arbitrary<WarmRequest> = fc.record({
  id: name(128),
  action: fc.constantFrom('run' as const, 'cancel' as const),
  spec: optional(anySpec),
  workspace: name(256),
  strategy: name(64),
  revision: optional(name(256)),
  paths: fc.array(path, few),
  layers: fc.array(name(64), few),
  requestedAtMs: timeMs,
  requestedBy: name(256),
  deadlineMs: timeMs,
})

const anyWarmCommand: fc.Arbitrary<WarmCommand> = fc.record({
  id: name(128),
  workspace: name(256),
  shard: fc.integer({ min: 0, max: 1_023 }),
  runId: optional(name(128)),
  session: optional(name(256)),
  revision: optional(name(256)),
  mode: fc.constantFrom('warm' as const, 'check' as const),
  firstFile: fc.nat({ max: 1_000_000 }),
  parallelMax: fc.nat({ max: 1_000 }),
  bytesPerSecondMax: fc.nat(),
  issuedAtMs: timeMs,
  deadlineMs: timeMs,
  bytesMax: fc.nat(),
  pressureMax: share,
  files: fc.array(
    fc.record({
      path,
      layer: name(64),
      version: optional(name(128)),
      reason: name(64),
      probability: share,
      expectedAtMs: timeMs,
      horizonAtMs: timeMs,
      control: fc.boolean(),
    }),
    few,
  ),
})

const anyWarmOutcome: fc.Arbitrary<WarmOutcome> = fc.record({
  commandId: name(128),
  workspace: name(256),
  shard: fc.integer({ min: 0, max: 1_023 }),
  runId: optional(name(128)),
  worker: name(256),
  issuedAtMs: timeMs,
  mode: fc.constantFrom('warm' as const, 'check' as const),
  firstFile: fc.nat({ max: 1_000_000 }),
  pressure: share,
  files: fc.array(
    fc.record({
      path,
      layer: name(64),
      version: optional(name(128)),
      outcome: fc.constantFrom(...OUTCOME_KINDS),
      detail: name(64),
      bytes: fc.nat(),
      finishedAtMs: timeMs,
      reason: name(64),
      probability: share,
      horizonAtMs: timeMs,
    }),
    few,
  ),
})

export const anyRecord: { readonly [Topic in CodedTopic]: fc.Arbitrary<TopicValues[Topic]> } = {
  'access-events': anyAccessEvent,
  'warm-requests': anyWarmRequest,
  'warm-commands': anyWarmCommand,
  'warm-outcomes': anyWarmOutcome,
}

export const anAccess = (fields: Partial<Access> = {}): Access => ({
  path: 'src/a.ts',
  timeMs: 1_760_000_000_000,
  layer: 'content',
  version: null,
  outcome: 'unknown',
  warmedBy: null,
  ...fields,
})

export const anAccessEvent = (fields: Partial<AccessEvent> = {}): AccessEvent => ({
  workspace: 'shop',
  session: 'shop:1:eslint',
  analyzer: 'eslint',
  revision: null,
  publisher: 'p1',
  sequence: 0,
  sessionEnded: false,
  forget: false,
  accesses: [anAccess()],
  changes: [],
  ...fields,
})
