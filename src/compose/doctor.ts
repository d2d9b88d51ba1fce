/** Looks at all that a deployment stands on, as its roles would, and changes none of it. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createKafkaDiagnosis } from '../adapters/kafka/diagnose.ts'
import { createMemoryNotes } from '../adapters/memory/notes.ts'
import { SILENT_LOG } from '../adapters/memory/telemetry.ts'
import { createRedisDiagnosis } from '../adapters/redis/diagnose.ts'
import { createModelKeys } from '../adapters/redis/model-keys.ts'
import { planSubjects } from '../adapters/registry/subjects.ts'
import { storedMeta } from '../adapters/sqlite/stored-meta.ts'
import { createSilentTelemetry } from '../adapters/telemetry/silent.ts'
import type { Settings } from '../config/schema.ts'
import { type Finding, findingsOf } from '../flows/doctor/finding.ts'
import { examineLog } from '../flows/doctor/log.ts'
import { modelFinding } from '../flows/doctor/model.ts'
import { type DoctorRole, NEEDS } from '../flows/doctor/needs.ts'
import { type ExaminedRedis, examineRedis, type RedisKind, SUBJECTS, sameServer } from '../flows/doctor/redis.ts'
import { metaOf } from '../flows/ingest/model-meta.ts'
import { desiredTopics } from '../flows/topics.ts'
import { ERROR_MENDS } from '../ports/error-mends.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { Origin } from '../ports/origin.ts'
import { connectRedis, kafkaConnection, registryClient, subjectOf } from './distributed.ts'
import { examineCertificates } from './doctor-certificates.ts'
import { examineGateway, examineIssuer, GATEWAY, ISSUER } from './doctor-gateway.ts'
import { openOrigins } from './origins.ts'
import { findUp } from './up-lock.ts'

/** Longer than any of the clients tries by itself. */
const SUBJECT_MS = 30_000
const ORIGIN_MS = 10_000
/** One that is slow is there: more than its clients wait. */
const REGISTRY_MS = 20_000
const MIB = 1_048_576

/** Rejects only for what is no finding: an error that nobody foresaw. */
export async function examine(settings: Settings, roles: readonly DoctorRole[]): Promise<readonly Finding[]> {
  const files = roles.some((role) => NEEDS[role].files) ? [examineFiles(settings)] : []
  const tls = settings.mode === 'embedded' ? Promise.resolve([]) : examineCertificates(settings, roles)
  const engines =
    settings.mode === 'embedded'
      ? [attempt('the file', async () => examineFile(settings))]
      : [
          attempt('Kafka', () => examineKafka(settings, roles), tls),
          attempt('the registry', () => examineRegistry(settings), tls),
          examineBothRedis(settings, roles, tls),
          tls,
        ]
  const gateway = roles.includes('gateway')
    ? [attempt(GATEWAY, () => examineGateway(settings.gateway)), attempt(ISSUER, () => examineIssuer(settings.gateway))]
    : []
  return (await Promise.all([...engines, ...gateway, ...files])).flat()
}

/**
 * An engine that cannot be reached is one finding, and none where TLS is told to be why; the others are looked at all
 * the same.
 */
async function attempt(
  subject: string,
  look: () => Promise<readonly Finding[]>,
  tls: Promise<readonly Finding[]> = Promise.resolve([]),
): Promise<readonly Finding[]> {
  const { fail } = findingsOf(subject)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<readonly Finding[]>((settle) => {
    const found = fail(`no answer within ${SUBJECT_MS / 1_000} s`, 'check that it runs and can be reached from here')
    timer = setTimeout(() => settle([found]), SUBJECT_MS)
  })
  try {
    return await Promise.race([look(), late])
  } catch (error) {
    if (!(error instanceof ForewarmError)) throw error
    const isTold = (await tls).some((found) => found.subject === subject && found.state === 'fail')
    return error.retriable && isTold ? [] : [fail(`${error.code}: ${error.message}`, ERROR_MENDS[error.code])]
  } finally {
    clearTimeout(timer)
  }
}

async function examineKafka(settings: Settings, roles: readonly DoctorRole[]): Promise<readonly Finding[]> {
  const { kafka, model } = settings
  const desired = desiredTopics({ ...kafka, memoryMs: model.limits.memoryMs })
  const log = createKafkaDiagnosis(kafkaConnection(kafka), kafka.topicPrefix)
  try {
    const groupOf = (group: string): string => `${kafka.groupPrefix}${group}`
    return await examineLog(log, { roles, desired, groupOf, nowMs: Date.now })
  } finally {
    await log.close()
  }
}

async function examineRegistry(settings: Settings): Promise<readonly Finding[]> {
  const { ok, warn, fail } = findingsOf('the registry')
  const apply = '`forewarm topics apply` registers schemas and sets their compatibility'
  const plans = await planSubjects(registryClient(settings, { timeoutMs: REGISTRY_MS }), subjectOf(settings))
  return plans.flatMap(({ subject, differences, refusal }) => {
    if (refusal !== null) return [fail(`subject ${subject}: ${refusal}`, ERROR_MENDS.FW_SCHEMA_INCOMPATIBLE)]
    if (differences.length === 0) return [ok(`subject ${subject}`)]
    const lacksSchema = differences.some((what) => what.startsWith('schema'))
    const what = `subject ${subject}: ${lacksSchema ? 'has not the schema of this build' : differences.join('; ')}`
    return [lacksSchema ? fail(what, apply) : warn(what, apply)]
  })
}

async function examineBothRedis(
  settings: Settings,
  roles: readonly DoctorRole[],
  tls: Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const servers = new Map<RedisKind, ExaminedRedis['nodes']>()
  const look = (kind: RedisKind): Promise<readonly Finding[]> =>
    attempt(
      SUBJECTS[kind],
      async () => {
        const { nodes, findings } = await examineOneRedis(settings, { kind, roles })
        servers.set(kind, nodes)
        return findings
      },
      tls,
    )
  const kinds = (['models', 'cache'] as const).filter((kind) => roles.some((role) => NEEDS[role][kind] !== null))
  const findings = (await Promise.all(kinds.map(look))).flat()
  return [...findings, ...sameServer(servers.get('models') ?? [], servers.get('cache') ?? [])]
}

type Wanted = { readonly kind: RedisKind; readonly roles: readonly DoctorRole[] }

async function examineOneRedis({ kafka, model, cache }: Settings, { kind, roles }: Wanted): Promise<ExaminedRedis> {
  const { redis } = kind === 'models' ? model : cache
  // Like the keys of model-keys.ts, notes.ts and cache-keys.ts, to which ACLs bind users.
  const keys = {
    models: `${redis.keyPrefix}{m${model.version}.0}:doctor`,
    shared: `${redis.keyPrefix}{m${model.version}}:x:doctor`,
    notes: `${redis.keyPrefix}{n0}:n:doctor`,
    values: `${redis.keyPrefix}doctor:edoctor`,
  }
  const { meta } = createModelKeys(redis.keyPrefix, String(model.version))
  const connection = connectRedis(redis, kind === 'models' ? 'store' : 'cache', SILENT_LOG)
  const diagnosis = createRedisDiagnosis(connection, meta)
  try {
    const { cluster } = redis
    const { nodes, findings } = await examineRedis(diagnosis, {
      kind,
      roles,
      keys,
      cluster,
      valueBytesMax: cache.valueBytesMax,
    })
    if (kind !== 'models' || !roles.includes('ingest')) return { nodes, findings }
    const wanted = metaOf(model.limits, kafka.partitions)
    const fits = modelFinding(wanted, await diagnosis.storedModel(wanted), findingsOf(SUBJECTS.models))
    return { nodes, findings: [...findings, fits] }
  } finally {
    await diagnosis.close()
  }
}

async function examineFile({ embedded, model }: Settings): Promise<readonly Finding[]> {
  const { file, logBytesMax, cacheBytesMax, partitions } = embedded
  const say = findingsOf('the file')
  const { ok, warn, fail } = say
  const folder = nearestFolder(resolve(file))
  try {
    accessSync(existsSync(file) ? file : folder, constants.R_OK | constants.W_OK)
  } catch {
    return [fail(`${file} cannot be written`, 'let this user write it, or name another by embedded.file')]
  }
  const up = findUp(file)
  const user = up === null ? 'no `forewarm up` works on it now' : `\`forewarm up\` works on it (process ${up.pid})`
  const { bavail, bsize } = statfsSync(folder)
  const free = `${Math.floor((bavail * bsize) / MIB)} MiB are free on its disk`
  const wanted = Math.ceil((logBytesMax + cacheBytesMax) / MIB)
  return [
    ok(`${file} can be written; ${user}`),
    ...(existsSync(file) ? [modelFinding(metaOf(model.limits, partitions), storedMeta(file), say)] : []),
    bavail * bsize < wanted * MIB
      ? warn(
          `${free}, less than the ${wanted} MiB that log and cache may take`,
          'make room, or lower embedded.logBytesMax and embedded.cacheBytesMax',
        )
      : ok(free),
  ]
}

const nearestFolder = (path: string): string => (existsSync(path) ? path : nearestFolder(dirname(path)))

async function examineFiles(settings: Settings): Promise<readonly Finding[]> {
  const { ok, warn } = findingsOf('the files')
  const notes = createMemoryNotes()
  const { origins, close } = openOrigins(settings, { telemetry: createSilentTelemetry(), notes: () => notes })
  const names = [...settings.workspaces.keys()]
  if (names.length === 0 && settings.mode === 'distributed') {
    return [warn('no workspace has files to warm', 'name where they are: workspaces.<name>.origin')]
  }
  try {
    const looked = names.map((name) =>
      attempt('the files', async () => {
        const origin = origins(name)
        return [ok(`${name}: ${origin !== null && (await isListable(origin)) ? 'can be listed' : 'cannot be listed'}`)]
      }),
    )
    return (await Promise.all(looked)).flat()
  } finally {
    await close()
  }
}

/** An origin without a listing is no fault: it warms what is named. */
async function isListable(origin: Origin): Promise<boolean> {
  try {
    for await (const _entry of origin.list(AbortSignal.timeout(ORIGIN_MS))) break
    return true
  } catch (error) {
    if (error instanceof ForewarmError && error.code === 'FW_ORIGIN_UNLISTABLE') return false
    throw error
  }
}
