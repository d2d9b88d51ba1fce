/** The shape of what is told of a workspace's patterns. */
import { Type } from 'typebox'

const count = Type.Integer({ minimum: 0 })
const timeMs = Type.Integer({ description: 'Milliseconds since the Unix epoch.' })
const share = Type.Number({ minimum: 0, maximum: 1 })

const latestSession = Type.Object({
  session: Type.String(),
  analyzer: Type.String(),
  startedAtMs: Type.Union([timeMs, Type.Null()]),
  endedAtMs: Type.Union([timeMs, Type.Null()]),
  reads: count,
  paths: Type.Array(Type.String(), { description: 'Each file once, in the order of the first read.' }),
})

export const patternsAnswer = Type.Object(
  {
    workspace: Type.String(),
    atMs: timeMs,
    accesses: count,
    files: count,
    closedSessions: count,
    correlations: Type.Array(Type.Object({ path: Type.String(), coFile: Type.String(), count, strength: share }), {
      description: 'Pairs of at least five co-accesses, the strongest first.',
    }),
    recurring: Type.Array(Type.Object({ analyzer: Type.String(), paths: Type.Array(Type.String()), sessions: count }), {
      description: 'What several of the latest sessions read in the same order, the most telling first.',
    }),
    latest: Type.Array(latestSession, { description: 'Latest closed sessions, the latest first.' }),
    hoursOfDay: Type.Array(count, { description: 'Accesses by hour of day, UTC: 24 counts.' }),
    hoursOfWeek: Type.Array(count, { description: 'Accesses by hour of week, UTC: 168 counts from Monday 00:00.' }),
    peakFiles: Type.Array(Type.Object({ path: Type.String(), count }), {
      description: 'Files that are read most at this hour.',
    }),
    next: Type.Array(
      Type.Object({
        path: Type.String(),
        probability: share,
        reason: Type.String(),
        expectedAtMs: Type.Number({ description: 'Milliseconds since the Unix epoch.' }),
      }),
      { description: 'Files that the clock lets expect within a day, the soonest first.' },
    ),
  },
  { description: 'What was learned of a workspace.' },
)
