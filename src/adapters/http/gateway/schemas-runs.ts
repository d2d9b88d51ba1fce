/** The contracts of runs at the gateway: what is asked for, and what is answered. */
import { type Static, Type } from 'typebox'
import { RUN_STATES } from '../../../warming/run/state.ts'
import { AGGRESSIVENESS } from '../../../warming/strategy/run-spec.ts'
import { STRATEGY_BOUNDS } from '../../../warming/strategy/strategy.ts'
import { changesList, layer, NAME, nullable, path, SHORT, STRICT, WORD, workspaceParams } from './schemas.ts'

const unset = <Bounds extends { readonly minimum: number; readonly maximum: number }>(
  description: string,
  bounds: Bounds,
  number: typeof Type.Integer | typeof Type.Number = Type.Integer,
) => Type.Union([number(bounds), Type.Null()], { description, default: null })

const unsetSwitch = (description: string) => Type.Union([Type.Boolean(), Type.Null()], { description, default: null })

const requestedBy = Type.String({ maxLength: 256, default: '', description: 'Who asks, for the record.' })

/** Fields of a strategy; null leaves them to it. */
const stated = {
  aggressiveness: Type.Union([Type.Enum([...AGGRESSIVENESS]), Type.Null()], {
    description: 'The one knob.',
    default: null,
  }),
  priorityFiles: Type.Union(
    [Type.Array(Type.String({ minLength: 1, maxLength: 400 }), { maxItems: 64 }), Type.Null()],
    {
      description: 'Globs and selectors (docs/strategies.md) in place of those of the strategy.',
      default: null,
    },
  ),
  dependencyDepth: unset('How far imports are followed.', {
    minimum: 0,
    maximum: STRATEGY_BOUNDS.dependencyDepth.maximum,
  }),
  parallelWorkers: unset('Files in flight over all workers.', STRATEGY_BOUNDS.parallelWorkers),
  batchSize: unset('Files of one command.', STRATEGY_BOUNDS.batchSize),
  predictivePrefetch: unsetSwitch('Whether what the models expect is warmed too.'),
  accessPatternLearning: unsetSwitch('Whether later reads settle the predictions of the run.'),
  memoryPressureThreshold: unset(
    'Pressure above which warming stops.',
    STRATEGY_BOUNDS.memoryPressureThreshold,
    Type.Number,
  ),
  filesMax: unset('Files of the run; 0 for no bound.', STRATEGY_BOUNDS.filesMax),
  bytesMax: unset('Bytes that it may bring in; 0 for no bound.', STRATEGY_BOUNDS.bytesMax),
  bytesPerSecondMax: unset('Bytes a second; 0 for no bound.', STRATEGY_BOUNDS.bytesPerSecondMax),
  layers: Type.Union([Type.Array(layer, { minItems: 1, maxItems: 16 }), Type.Null()], {
    description: 'Layers to fill.',
    default: null,
  }),
}

export const warmRequestBody = Type.Object(
  {
    id: nullable(Type.String(SHORT), 'Your own id: the same one twice is the same run.'),
    strategy: Type.String({
      ...WORD,
      description: 'Name of a strategy of the settings, a preset, or `paths` for the named files alone.',
      default: 'paths',
    }),
    revision: nullable(Type.String(NAME), 'Revision to warm.'),
    paths: Type.Array(path, {
      maxItems: 10_000,
      default: [],
      description: 'Files to warm; with some, or with priorityFiles, those of the strategy are left out.',
    }),
    ...stated,
    withinMs: unset('Time for the run to end, milliseconds.', STRATEGY_BOUNDS.timeLimitMs),
    check: Type.Boolean({ description: 'Only look which files are in the cache.', default: false }),
    requestedBy,
  },
  { ...STRICT, description: 'Files to warm now.' },
)

export type WarmRequestBody = Static<typeof warmRequestBody>

export const eventBody = (batchMax: number) =>
  Type.Object(
    {
      kind: Type.Enum(['push', 'checkout'], { description: 'What happened.' }),
      id: nullable(Type.String(SHORT), 'Id of the run; else a push of a revision is one run however often it is told.'),
      revision: nullable(Type.String(SHORT), 'The revision that is current now.'),
      before: nullable(Type.String(NAME), 'The one before it, with which `changed` selectors compare.'),
      changes: Type.Union([changesList(batchMax), Type.Null()], { description: 'Files that changed.', default: null }),
      requestedBy,
    },
    { ...STRICT, description: 'Something happened to the files of the workspace.' },
  )

export const byBody = Type.Object({ requestedBy }, { ...STRICT, description: 'Who asks.' })

export const runParams = Type.Object(
  {
    ...workspaceParams.properties,
    run: Type.String({ ...SHORT, description: 'Id of the run; a `/` in it is written %2F.' }),
  },
  STRICT,
)

const digits = (description: string, value: string) =>
  Type.String({ pattern: '^\\d{1,7}$', default: value, description })

export const pageQuery = Type.Object(
  { from: digits('Place in the plan of the first file.', '0'), max: digits('Files at most, up to 1000.', '1000') },
  STRICT,
)

const whole = (description: string) => Type.Integer({ minimum: 0, description })
const moment = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description })
const hitRate = Type.Union([Type.Object({ rate: Type.Number(), reads: Type.Integer() }), Type.Null()])

export const runAnswer = Type.Object(
  {
    id: Type.String(),
    workspace: Type.String(),
    strategy: Type.String(),
    requestedBy: Type.String(),
    requestedAtMs: Type.Integer(),
    deadlineMs: Type.Integer(),
    state: Type.Enum([...RUN_STATES], { description: 'The first three go on.' }),
    why: Type.String({ description: 'Why it ended so.' }),
    files: Type.Union([Type.Integer(), Type.Null()], { description: 'Files of the plan; null while it is made.' }),
    counts: Type.Array(Type.Object({ outcome: Type.String(), detail: Type.String(), files: whole('How many.') }), {
      description: 'Files by how they ended; they add up to the plan.',
    }),
    verified: whole('Files found in the cache again at the end.'),
    bytes: whole('Bytes brought into the cache.'),
    pressure: Type.Number({ description: 'Highest memory pressure, 0 to 1.' }),
    batchSize: whole('Files of one command now.'),
    startedAtMs: moment('When it began.'),
    endedAtMs: moment('When it ended; null while it goes on.'),
    hitRate: Type.Object({ before: hitRate, after: hitRate }, { description: "The readers' hit rate around the run." }),
  },
  { description: 'A run.' },
)

export const runsAnswer = Type.Object({ runs: Type.Array(runAnswer) }, { description: 'The latest first.' })

export const runFilesAnswer = Type.Object(
  {
    files: Type.Array(
      Type.Object({
        path: Type.String(),
        layer: Type.String(),
        reason: Type.String({ description: 'Why it is in the plan.' }),
        outcome: Type.String(),
        detail: Type.String(),
        version: Type.Union([Type.String(), Type.Null()]),
        bytes: whole('Bytes put into the cache.'),
        verified: Type.Boolean(),
      }),
    ),
    next: Type.Union([Type.Integer(), Type.Null()], { description: '`from` of the next page; null at the end.' }),
  },
  { description: 'Files of a run in the order of its plan.' },
)

export const eventAnswer = Type.Object(
  {
    id: Type.Union([Type.String(), Type.Null()], { description: 'The run that follows; null when none does.' }),
    why: Type.String({ description: 'Why none does.' }),
  },
  { description: 'The log has it.' },
)

export const doneAnswer = Type.Object({ done: Type.Boolean() }, { description: 'It holds within a second.' })
