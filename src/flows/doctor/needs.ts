/** What each role needs of the engines: the table of docs/operations.md, which the chart's users are made from too. */
import type { TopicRole } from '../../ports/event-log.ts'

/** The four processes, the job that makes the topics, and a job that asks for runs. */
export const DOCTOR_ROLES = ['ingest', 'predict', 'warm', 'gateway', 'topics', 'schedule'] as const
export type DoctorRole = (typeof DOCTOR_ROLES)[number]

export type Needs = {
  readonly reads: readonly TopicRole[]
  readonly writes: readonly TopicRole[]
  readonly groups: readonly string[]
  /** Topics that it makes and changes. */
  readonly manages: readonly TopicRole[]
  /** Commands at the Redis of the models; null for a role that does not go there. */
  readonly models: readonly string[] | null
  /** The same at the cache. */
  readonly cache: readonly string[] | null
  /** Whether it reads the files of the workspaces. */
  readonly files: boolean
}

const NOTHING: Needs = { reads: [], writes: [], groups: [], manages: [], models: null, cache: null, files: false }

const SCRIPTS = ['eval', 'evalsha']
const READ_MODELS = ['hget', 'hmget', 'hscan', 'hvals']
const WRITE_NOTES = ['hset', 'hdel', 'unlink', ...SCRIPTS]
const READ_CACHE = ['get', 'getex', 'exists', 'getrange']
const FILL_CACHE = ['set', 'setrange', 'unlink', ...SCRIPTS]
const MAKE_ROOM = ['pttl', 'pexpire', 'del', 'randomkey', 'memory', 'info', 'time']

export const NEEDS: Readonly<Record<DoctorRole, Needs>> = {
  ingest: {
    ...NOTHING,
    reads: ['access-events', 'warm-outcomes'],
    writes: ['dead-letters'],
    groups: ['ingest'],
    models: [...READ_MODELS, ...WRITE_NOTES, 'type', 'hincrby', 'set'],
  },
  predict: {
    ...NOTHING,
    reads: ['access-events', 'warm-outcomes', 'warm-requests'],
    writes: ['warm-commands', 'warm-requests', 'dead-letters'],
    groups: ['predict'],
    models: [...READ_MODELS, ...WRITE_NOTES],
    files: true,
  },
  warm: {
    ...NOTHING,
    reads: ['access-events', 'warm-commands'],
    writes: ['warm-outcomes', 'dead-letters'],
    groups: ['warm', 'pointers'],
    models: ['hmget', 'hscan'],
    cache: [...READ_CACHE, ...FILL_CACHE, ...MAKE_ROOM],
    files: true,
  },
  gateway: {
    ...NOTHING,
    reads: ['warm-commands'],
    writes: ['access-events', 'warm-requests'],
    models: READ_MODELS,
    cache: [...READ_CACHE, ...FILL_CACHE],
  },
  topics: {
    ...NOTHING,
    manages: ['access-events', 'warm-requests', 'warm-commands', 'warm-outcomes', 'dead-letters'],
  },
  schedule: { ...NOTHING, writes: ['warm-requests'], models: READ_MODELS },
}

/** A thing that is needed, and the roles that need it. */
export type Need<Thing> = { readonly thing: Thing; readonly roles: readonly DoctorRole[] }

/** What the roles need together, each thing once. */
export function needed<Thing>(
  roles: readonly DoctorRole[],
  of: (needs: Needs) => readonly Thing[],
): readonly Need<Thing>[] {
  const things = new Set(roles.flatMap((role) => of(NEEDS[role])))
  return [...things].map((thing) => ({ thing, roles: roles.filter((role) => of(NEEDS[role]).includes(thing)) }))
}
