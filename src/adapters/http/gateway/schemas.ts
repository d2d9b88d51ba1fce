/** The gateway's contracts: these schemas check the requests, type the handlers and make /openapi.json. */
import { type Static, Type } from 'typebox'

export const STRICT = { additionalProperties: false }

/** Bounds of names, the same as the wire's (src/wire/limits.ts). */
export const NAME = { minLength: 1, maxLength: 256 }
export const SHORT = { minLength: 1, maxLength: 128 }
export const WORD = { minLength: 1, maxLength: 64 }

export const nullable = (schema: ReturnType<typeof Type.String>, description: string) =>
  Type.Union([schema, Type.Null()], { description, default: null })

export const path = Type.String({
  minLength: 1,
  maxLength: 1_024,
  description: 'Path inside the workspace, `/`-separated, relative.',
})
export const layer = Type.String({ ...WORD, description: 'Kind of value: content, ast, incremental or your own.' })
const timeMs = Type.Integer({ minimum: 0, description: 'Milliseconds since the Unix epoch.' })

const accessMembers = {
  path,
  timeMs,
  layer: Type.String({ ...WORD, description: 'Kind of value that was wanted.', default: 'content' }),
  version: nullable(Type.String(SHORT), 'Content version that was wanted: git blob id, else digest.'),
  outcome: Type.Enum(['unknown', 'hit', 'warmHit', 'miss', 'stale'], {
    description: 'What the read found in the cache.',
    default: 'unknown',
  }),
  warmedBy: nullable(Type.String(SHORT), 'Id of the warm command, on a warmHit.'),
}

const sessionMembers = {
  session: Type.String({ ...NAME, description: 'One run of one analyzer over one revision.' }),
  analyzer: Type.String({ ...SHORT, description: 'Name of the analyzer.' }),
  revision: nullable(Type.String(NAME), 'Revision that the session works on.'),
  publisher: Type.String({
    maxLength: 128,
    description: 'Random id of the sending process; with `sequence` a request that is sent again counts once.',
    default: '',
  }),
  sequence: Type.Integer({
    minimum: 0,
    description: 'Number of the first access among those that `publisher` sends for this session, from 0.',
    default: 0,
  }),
}

export const accessesBody = (batchMax: number) =>
  Type.Object(
    {
      ...sessionMembers,
      sessionEnded: Type.Boolean({ description: 'No more accesses follow in this session.', default: false }),
      accesses: Type.Array(Type.Object(accessMembers, STRICT), {
        maxItems: batchMax,
        description: 'The reads, in order.',
      }),
    },
    { ...STRICT, description: 'Reads of one session.' },
  )

/** NDJSON: every line is an access with its session. */
export const accessLines = (batchMax: number) =>
  Type.Array(
    Type.Object(
      { ...sessionMembers, ...accessMembers },
      { ...STRICT, description: 'One read; here `sequence` is the number of this very access.' },
    ),
    { minItems: 1, maxItems: batchMax, description: 'One JSON object a line, each one read.' },
  )

export type AccessesBody = Static<ReturnType<typeof accessesBody>>
export type AccessLine = Static<ReturnType<typeof accessLines>>[number]

const change = Type.Object(
  {
    path: Type.Union([path, Type.Null()], { description: 'The file; null for the whole revision.' }),
    timeMs,
    version: Type.Union([Type.String(SHORT), Type.Null()], { description: 'New version; null: deleted.' }),
  },
  STRICT,
)

export const changesList = (batchMax: number) =>
  Type.Array(change, { maxItems: batchMax, description: 'Changes, in order.' })

export const changesBody = (batchMax: number) =>
  Type.Object(
    { changes: Type.Array(change, { minItems: 1, maxItems: batchMax, description: 'Changes, in order.' }) },
    { ...STRICT, description: 'Files that changed.' },
  )

export const workspaceParams = Type.Object(
  { workspace: Type.String({ ...NAME, description: 'Name of the workspace; a `/` in it is written %2F.' }) },
  STRICT,
)

export const lookupQuery = Type.Object(
  {
    path,
    layer: Type.String({ ...WORD, default: 'content', description: 'Kind of value.' }),
    version: Type.Optional(Type.String({ ...SHORT, description: 'Content version; without it the current one.' })),
    producer: Type.Optional(
      Type.String({ ...SHORT, description: 'Version of the code that makes a layer of your own.' }),
    ),
  },
  STRICT,
)

export const fillQuery = Type.Object(
  { ...lookupQuery.properties, version: Type.String({ ...SHORT, description: 'Content version of the value.' }) },
  STRICT,
)

export const sessionQuery = Type.Object({ session: sessionMembers.session }, STRICT)
export const limitQuery = Type.Object(
  { limit: Type.String({ pattern: '^[1-9][0-9]{0,2}$', default: '20', description: 'How much of each kind.' }) },
  STRICT,
)
export const pathQuery = Type.Object({ path }, STRICT)
