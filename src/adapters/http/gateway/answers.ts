/** The shapes of the gateway's answers, for /openapi.json and for writing them out. */
import { type TSchema, Type } from 'typebox'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const neighbours = (description: string) =>
  Type.Array(Type.Object({ path: Type.String(), count: count('How often.') }), { description })
const bins = (description: string) =>
  Type.Array(Type.Object({ hour: Type.Integer(), count: count('Accesses.') }), { description })

const errorAnswer = Type.Object(
  {
    code: Type.String({ description: 'One of the codes of docs/errors.md.' }),
    message: Type.String({ description: 'What is wrong here.' }),
    mend: Type.String({ description: 'What to do about it.' }),
  },
  { description: 'An error.' },
)

export const acceptedAnswer = Type.Object(
  {
    accepted: count('Entries that the log has now.'),
    records: Type.Array(Type.Object({ partition: Type.Integer(), offset: Type.Integer() }), {
      description: 'Where they lie in the log.',
    }),
  },
  { description: 'The log has it, durably.' },
)

export const requestedAnswer = Type.Object({ id: Type.String() }, { description: 'The log has the request.' })

export const filledAnswer = Type.Object(
  { result: Type.Enum(['stored', 'present']) },
  { description: 'The value is in the cache.' },
)

export const fileAnswer = Type.Object(
  {
    path: Type.String(),
    frequency: count('Accesses, faded.'),
    lastAccessMs: Type.Integer(),
    accessTimes: Type.Array(Type.Integer(), { description: 'The latest access times, ascending.' }),
    coAccess: neighbours('Files read together with it.'),
    successors: neighbours('Files read right after it.'),
    hoursOfDay: bins('Accesses by hour of day, UTC.'),
    hoursOfWeek: bins('Accesses by hour of week, UTC, 0 is Monday 00:00.'),
  },
  { description: 'What was learned of one file.' },
)

const predicted = {
  path: Type.String(),
  probability: Type.Number({ description: 'Probability of a read before the horizon, 0 to 1.' }),
  reason: Type.String({ description: 'The evidence.' }),
  expectedAtMs: Type.Integer(),
}

const outlook = Type.Object({
  workspace: Type.String(),
  session: Type.String(),
  analyzer: Type.String(),
  reads: count('Reads of the session so far.'),
  lastReadMs: Type.Integer(),
  threshold: Type.Number({ description: 'Probability from which on a warm pays now.' }),
  paused: Type.Boolean(),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      probability: Type.Number(),
      sources: Type.Array(Type.String(), { description: 'The evidence that named it.' }),
      distance: Type.Union([Type.Number(), Type.Null()], { description: 'Reads until it is due.' }),
      dueMs: Type.Union([Type.Number(), Type.Null()], { description: 'Milliseconds until it is due.' }),
      strength: Type.Number({ description: 'Strongest co-access, 0 to 1.' }),
      support: Type.Number({ description: 'Events that it was seen in, faded.' }),
      fate: Type.Enum(['warm', 'unlikely', 'cached', 'asked', 'refused', 'late', 'full'], {
        description: 'Worth a warm, or why not.',
      }),
      control: Type.Boolean({ description: 'In the control group: never warmed.' }),
    }),
    { description: 'The likeliest first.' },
  ),
})

export const predictionsAnswer = Type.Object(
  {
    candidates: Type.Union([Type.Array(Type.Object(predicted)), Type.Null()], {
      description: 'What is held likely now; null where predict runs elsewhere or the session is not open.',
    }),
    outlook: Type.Union([outlook, Type.Null()], {
      description: "What the predictor makes of each file at the session's latest read; null as above.",
    }),
    commands: Type.Array(
      Type.Object({
        id: Type.String(),
        issuedAtMs: Type.Integer(),
        deadlineMs: Type.Integer(),
        files: Type.Array(Type.Object({ ...predicted, layer: Type.String(), horizonAtMs: Type.Integer() })),
      }),
      { description: 'Latest warm commands of the session, the newest first.' },
    ),
  },
  { description: 'What is predicted for a session.' },
)

const maybeNumber = (description: string) => Type.Union([Type.Number(), Type.Null()], { description })
const estimate = (description: string) =>
  Type.Union(
    [
      Type.Object({
        value: Type.Number(),
        error: maybeNumber('Standard error, by files; null where too few were read to tell.'),
        low: Type.Number({ description: 'Lower end of the 95 % interval.' }),
        high: Type.Number({ description: 'Upper end of it.' }),
      }),
      Type.Null(),
    ],
    { description },
  )
const verdicts = {
  accuracy: Type.Union([Type.Number(), Type.Null()], {
    description: 'Hits / (hits + wasted) of warmed files, 0 to 1; null before the first is settled.',
  }),
  late: count('Predictions whose file was read before the warm was done.'),
  wasted: count('Predictions whose file was not read before the horizon.'),
  wastedBytes: count('Bytes that were warmed for those.'),
}

const proof = Type.Object(
  {
    ...verdicts,
    hits: count('Predictions whose file was read in time.'),
    byReason: Type.Array(
      Type.Object({ reason: Type.String(), ...verdicts, hit: count('Hits.'), dropped: count('Not warmed.') }),
    ),
    timeliness: maybeNumber('Hits / (hits + late), 0 to 1.'),
    recent: Type.Union(
      [
        Type.Object({
          accuracy: Type.Number(),
          timeliness: maybeNumber('Hits / (hits + late), 0 to 1.'),
          settled: count('Hits and wasted.'),
          fromMs: Type.Integer(),
          toMs: Type.Integer(),
        }),
        Type.Null(),
      ],
      {
        description: 'The same of late: the last hour, or as much of a day as 100 settled files take; null with fewer.',
      },
    ),
    hitRate: estimate('Reads of treated files that the cache answered.'),
    hitRateWithoutWarming: estimate('The same of the control group, which is never warmed.'),
    warmHits: count('First reads of entries that a worker had put there.'),
    missesPrevented: estimate('(hit rate - rate without) * reads of treated files.'),
    coverage: estimate(
      '(hit rate - rate without) / (1 - rate without): misses prevented of those that would have been.',
    ),
  },
  { description: 'Whether warming was right.' },
)

const learned = Type.Object({
  accesses: count('Accesses counted.'),
  files: count('Files known, each shard by itself.'),
  closedSessions: count('Sessions that have ended.'),
  proof,
})

export const statusAnswer = Type.Object(
  {
    workspace: Type.String(),
    learned: Type.Union([learned, Type.Null()], {
      description: 'What was learned of it, and whether warming was right; null when nothing was.',
    }),
    accuracy: Type.Object({
      target: Type.Number({ description: 'What it should be: accuracyTarget of the workspace.' }),
      isLow: Type.Union([Type.Boolean(), Type.Null()], {
        description: 'Whether that of late is lower; null as long as too little was settled.',
      }),
    }),
    cache: Type.Object({
      entries: count('Values of the workspace.'),
      bytes: count('Their bytes.'),
      unreadWarms: count('Warmed values that nobody has read yet.'),
    }),
    pressure: Type.Object({
      bytesMax: Type.Union([Type.Integer(), Type.Null()]),
      bytesUsed: count('Bytes in the whole cache.'),
      pressure: Type.Number({ description: 'Share held by live values, 0 to 1.' }),
    }),
    pauses: Type.Array(
      Type.Object({
        workspace: Type.Union([Type.String(), Type.Null()], { description: 'Null for all workspaces.' }),
        sinceMs: Type.Integer(),
        by: Type.String({ description: 'Who paused.' }),
      }),
      { description: 'Pauses of warming that hold for it.' },
    ),
    layers: Type.Array(
      Type.Object({ name: Type.String(), version: Type.String({ description: 'Version of its producer.' }) }),
      { description: 'Layers that are made here.' },
    ),
  },
  { description: 'State of one workspace.' },
)

export const liveAnswer = Type.Object({ alive: Type.Boolean() })
export const readyAnswer = Type.Object({ ready: Type.Boolean(), missing: Type.Array(Type.String()) })

/** The answers of a route: its own, and the errors that every route can give. */
export const answers = <Own extends Record<number, TSchema>>(own: Own) => ({
  ...own,
  '4xx': errorAnswer,
  '5xx': errorAnswer,
})
