/** Looks at the two Redis with the eyes of the roles. */
import type { RedisDiagnosis, RedisNodeFacts } from '../../ports/diagnosis.ts'
import { clockFinding } from './clock.ts'
import { type Finding, type FindingsOf, findingsOf } from './finding.ts'
import { type DoctorRole, needed, REDIS_AREAS, type RedisArea } from './needs.ts'

export type RedisKind = 'models' | 'cache'

export type RedisOptions = {
  readonly kind: RedisKind
  readonly roles: readonly DoctorRole[]
  /** Keys that look like the deployment's, and are none. */
  readonly keys: Readonly<Record<RedisArea, string>>
  /** Whether the settings call it a cluster. */
  readonly cluster: boolean
  /** Largest value of the cache, bytes. */
  readonly valueBytesMax: number
}

export const SUBJECTS: Readonly<Record<RedisKind, string>> = {
  models: 'Redis of the models',
  cache: 'Redis of the cache',
}

const VERSION_MIN = 7
const SAMPLES = 10
const MEMORY_NEAR = 0.8
const MEMORY_FULL = 0.95
/** A cache that holds fewer values than this of the largest kind throws out many for one. */
const LARGEST_VALUES_MIN = 8
const MIB = 1_048_576

export type ExaminedRedis = { readonly nodes: readonly RedisNodeFacts[]; readonly findings: readonly Finding[] }

/** What is wrong with the nodes of one role of Redis and with the rights there; rejects when it does not answer. */
export async function examineRedis(redis: RedisDiagnosis, options: RedisOptions): Promise<ExaminedRedis> {
  const nodes = await redis.nodes()
  const rights = (await Promise.all(REDIS_AREAS.map((area) => examineRights(redis, area, options)))).flat()
  return { nodes, findings: [...nodes.flatMap((node) => examineNode(node, options)), ...rights] }
}

/** Keys of an area behind the prefix, in words and as a pattern of an ACL. */
const AREAS: Readonly<Record<RedisArea, readonly [words: string, pattern: string]>> = {
  models: ['keys of models', '{m*'],
  shared: ['keys of shared values', '{m*}:x:*'],
  notes: ['keys of notes', '{n*'],
  values: ['its keys', '*'],
}

async function examineRights(
  redis: RedisDiagnosis,
  area: RedisArea,
  { kind, roles: all, keys }: RedisOptions,
): Promise<readonly Finding[]> {
  const needs = needed(all, (of) => of[kind]?.[area] ?? [])
  if (needs.length === 0) return []
  const commands = needs.map(({ thing }) => thing)
  const refused = new Set(await redis.refused(commands, keys[area]))
  const { ok, fail } = findingsOf(SUBJECTS[kind])
  const [words, pattern] = AREAS[area]
  const missing = needs.filter(({ thing }) => refused.has(thing))
  if (missing.length === 0) return [ok(`rights: all ${needs.length} commands that are needed on ${words}`)]
  return missing.map(({ thing, roles }) =>
    fail(
      `${roles.join(', ')} may not run ${thing.toUpperCase()} on ${words}`,
      `ACL SETUSER <user> +${thing} '~<keyPrefix>${pattern}' at the Redis (docs/operations.md)`,
    ),
  )
}

function examineNode(node: RedisNodeFacts, options: RedisOptions): readonly Finding[] {
  const { ok, warn, fail } = prefixed(findingsOf(SUBJECTS[options.kind]), node.address)
  if (node.version === null) {
    return [warn('does not tell about itself (INFO is refused)', 'ACL SETUSER <user> +info, and look again')]
  }
  const version =
    Number.parseInt(node.version, 10) < VERSION_MIN
      ? fail(`Redis ${node.version}`, 'bring it to Redis 7 or newer: SET NX GET and ACL selectors are used')
      : ok(`Redis ${node.version}`)
  const cluster =
    node.isCluster === options.cluster
      ? []
      : [
          fail(
            node.isCluster ? 'is a node of a cluster, which the settings do not say' : 'is no cluster',
            `set ${options.kind === 'models' ? 'model' : 'cache'}.redis.cluster to ${node.isCluster}`,
          ),
        ]
  const own = options.kind === 'models' ? examineModels : examineCache
  const clock = node.clock === null ? [] : [clockFinding(`${SUBJECTS[options.kind]}`, node.clock)]
  return [version, ...cluster, ...own(node, { ok, warn, fail }, options), ...clock]
}

type Say = Pick<FindingsOf, 'ok' | 'warn' | 'fail'>

const prefixed = ({ ok, warn, fail }: FindingsOf, address: string): Say => ({
  ok: (what) => ok(`${address}: ${what}`),
  warn: (what, mend) => warn(`${address}: ${what}`, mend),
  fail: (what, mend) => fail(`${address}: ${what}`, mend),
})

function examineModels({ policy, appendsToFile, ...node }: RedisNodeFacts, say: Say): readonly Finding[] {
  return [
    policy === 'noeviction'
      ? say.ok('maxmemory-policy noeviction')
      : say.fail(
          `maxmemory-policy ${policy}: rows of models may be dropped in silence, so no process starts`,
          'CONFIG SET maxmemory-policy noeviction, in its configuration file too; keep the cache on another Redis',
        ),
    appendsToFile === true
      ? say.ok('appendonly yes')
      : say.warn(
          'appendonly no: its restart loses all models, which are then folded from the log again',
          'CONFIG SET appendonly yes, in its configuration file too',
        ),
    memoryOf(node, say),
  ]
}

function memoryOf(node: Pick<RedisNodeFacts, 'bytesMax' | 'bytesUsed' | 'machineBytes'>, say: Say): Finding {
  const used = node.bytesUsed ?? 0
  const limit = node.bytesMax || (node.machineBytes ?? 0)
  const share = limit === 0 ? 0 : used / limit
  const of = node.bytesMax ? 'maxmemory' : "the machine's memory (no maxmemory is set)"
  const what = `${mib(used)} MiB of ${mib(limit)} MiB of ${of} are taken, ${Math.round(share * 100)} %`
  const mend = 'raise maxmemory, give it more nodes, or let models keep less (model.limits) and rebuild'
  if (share >= MEMORY_FULL) return say.fail(`${what}: writes are refused when it is full`, mend)
  return share >= MEMORY_NEAR ? say.warn(what, mend) : say.ok(what)
}

function examineCache(node: RedisNodeFacts, say: Say, { valueBytesMax }: RedisOptions): readonly Finding[] {
  return [policyOfCache(node, say), ...samplesOfCache(node, say), limitOfCache(node, say, valueBytesMax)]
}

function policyOfCache({ policy }: RedisNodeFacts, say: Say): Finding {
  const mend = 'CONFIG SET maxmemory-policy volatile-ttl, in its configuration file too'
  if (policy === 'volatile-ttl') return say.ok('maxmemory-policy volatile-ttl')
  return policy === 'noeviction'
    ? say.fail('maxmemory-policy noeviction: a full cache takes no more values', mend)
    : say.warn(`maxmemory-policy ${policy}: warms may put out what is being read`, mend)
}

const samplesOfCache = ({ samples }: RedisNodeFacts, say: Say): readonly Finding[] =>
  samples === null || samples >= SAMPLES
    ? []
    : [
        say.warn(
          `maxmemory-samples ${samples}: it evicts live values more often`,
          `CONFIG SET maxmemory-samples ${SAMPLES}`,
        ),
      ]

function limitOfCache({ bytesMax, bytesUsed }: RedisNodeFacts, say: Say, valueBytesMax: number): Finding {
  if (!bytesMax) {
    return say.warn(
      'no maxmemory: it grows until the machine is full, and pressure cannot be told',
      'CONFIG SET maxmemory to what the files of a few hours take',
    )
  }
  const what = `${mib(bytesUsed ?? 0)} MiB of ${mib(bytesMax)} MiB of maxmemory are taken (a full cache is well)`
  return bytesMax < LARGEST_VALUES_MIN * valueBytesMax
    ? say.warn(
        `maxmemory ${mib(bytesMax)} MiB is little for values of up to ${mib(valueBytesMax)} MiB`,
        'raise maxmemory, or lower cache.valueBytesMax',
      )
    : say.ok(what)
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)

/** Models and cache on one server: one of the two has the wrong policy, and the cache would crowd out models. */
export function sameServer(models: readonly RedisNodeFacts[], cache: readonly RedisNodeFacts[]): readonly Finding[] {
  const ids = new Set(models.flatMap(({ runId }) => runId ?? []))
  const shared = cache.find(({ runId }) => runId !== null && ids.has(runId))
  if (shared === undefined) return []
  return [
    findingsOf(SUBJECTS.cache).fail(
      `${shared.address}: is the Redis of the models too`,
      'give the cache a Redis of its own (cache.redis.urls): models need noeviction, a cache must evict',
    ),
  ]
}
