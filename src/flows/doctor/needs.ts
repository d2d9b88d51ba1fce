/**
 * What each role needs of the engines: the tables of docs/operations.md. Tests hold it to the chart's users of Kafka and to
 * deploy/redis/*.acl, and those to real servers.
 */
import type { TopicRole } from '../../ports/event-log.ts'

/** The four processes, the job that makes the topics, and a job that asks for runs. */
export const DOCTOR_ROLES = ['ingest', 'predict', 'warm', 'gateway', 'topics', 'schedule'] as const
export type DoctorRole = (typeof DOCTOR_ROLES)[number]

/** Kinds of keys, to which users are bound: rows of models, values that processes share, notes; values of the cache. */
export const REDIS_AREAS = ['models', 'shared', 'notes', 'values'] as const
export type RedisArea = (typeof REDIS_AREAS)[number]

/** Commands by the keys that they are for. */
export type RedisNeeds = Readonly<Partial<Record<RedisArea, readonly string[]>>>

export type Needs = {
  readonly reads: readonly TopicRole[]
  readonly writes: readonly TopicRole[]
  readonly groups: readonly string[]
  /** Topics that it makes and changes. */
  readonly manages: readonly TopicRole[]
  /** What it does at the Redis of the models; null for a role that does not go there. */
  readonly models: RedisNeeds | null
  /** The same at the cache. */
  readonly cache: RedisNeeds | null
  /** Whether it reads the files of the workspaces. */
  readonly files: boolean
}

const NOTHING: Needs = { reads: [], writes: [], groups: [], manages: [], models: null, cache: null, files: false }

const SCRIPTS = ['eval', 'evalsha']
const READ_ROWS = ['hget', 'hmget', 'hscan', 'hvals']
const WRITE_ROWS = ['hset', 'hdel', 'unlink', ...SCRIPTS]
const FOLD = [...READ_ROWS, ...WRITE_ROWS, 'type', 'hincrby', 'set', 'scan']
const READ_SHARED = ['hmget']
const SHARE = ['hget', 'hmget', 'hset', ...SCRIPTS]
const USE_CACHE = ['get', 'getex', 'exists', 'getrange', 'set', 'setrange', 'unlink', 'pttl', 'pexpire', ...SCRIPTS]
const MEASURE_CACHE = ['randomkey', 'memory', 'info']

export const NEEDS: Readonly<Record<DoctorRole, Needs>> = {
  ingest: {
    ...NOTHING,
    reads: ['access-events', 'warm-outcomes'],
    writes: ['dead-letters'],
    groups: ['ingest'],
    models: { models: FOLD },
  },
  predict: {
    ...NOTHING,
    reads: ['access-events', 'warm-outcomes', 'warm-requests'],
    writes: ['warm-commands', 'warm-requests', 'dead-letters'],
    groups: ['predict'],
    models: { models: READ_ROWS, shared: SHARE, notes: [...READ_ROWS, ...WRITE_ROWS] },
    files: true,
  },
  warm: {
    ...NOTHING,
    reads: ['access-events', 'warm-commands'],
    writes: ['warm-outcomes', 'dead-letters'],
    groups: ['warm', 'pointers'],
    models: { shared: READ_SHARED, notes: [...READ_ROWS, ...WRITE_ROWS] },
    cache: { values: [...USE_CACHE, ...MEASURE_CACHE, 'del', 'time'] },
    files: true,
  },
  gateway: {
    ...NOTHING,
    reads: ['warm-commands'],
    writes: ['access-events', 'warm-requests'],
    models: { models: READ_ROWS, shared: SHARE, notes: READ_ROWS },
    cache: { values: [...USE_CACHE, ...MEASURE_CACHE, 'scan', 'strlen'] },
  },
  topics: {
    ...NOTHING,
    manages: ['access-events', 'warm-requests', 'warm-commands', 'warm-outcomes', 'dead-letters'],
  },
  schedule: { ...NOTHING, writes: ['warm-requests'], models: { models: READ_ROWS, notes: READ_ROWS } },
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
