/** Settings of the engines: Kafka, Schema Registry, the two Redis roles, and the embedded file. */
import { DEFAULT_LIMITS, type ModelLimits } from '../model/limits.ts'
import {
  choiceSetting,
  integerSetting,
  listSetting,
  optionalSetting,
  secretSetting,
  section,
  switchSetting,
  textSetting,
} from './setting.ts'

const MIB = 1_048_576
const DAY_MS = 86_400_000

const certificateFiles = {
  caFile: optionalSetting('File with the certificates (PEM) of the authorities to trust; none: those of the system.'),
  certFile: optionalSetting('File with the client certificate (PEM), for mutual TLS.'),
  keyFile: optionalSetting('File with the key (PEM) of the client certificate.'),
}

const tls = (what: string) =>
  section(`Transport encryption to ${what}.`, {
    enabled: switchSetting(`Whether connections to ${what} are encrypted.`, false),
    ...certificateFiles,
  })

const passwordFile = () =>
  optionalSetting('File with the password instead: read again for each login, so that a new one needs no restart.')

export const kafkaSection = section('The event log of a distributed deployment.', {
  brokers: listSetting('Addresses (`host:port`) of some brokers.', ['127.0.0.1:9092'], { minItems: 1 }),
  clientId: textSetting('Name of this client in broker logs and quotas.', 'forewarm'),
  tls: tls('the brokers'),
  sasl: section('Authentication at the brokers.', {
    mechanism: choiceSetting(
      'Mechanism; `none` sends no credentials.',
      ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
      'none',
    ),
    username: optionalSetting('User name.'),
    password: secretSetting('Password.'),
    passwordFile: passwordFile(),
  }),
  topicPrefix: textSetting(
    'Put before the names of topics and of their subjects: `forewarm.` for `forewarm.access-events`.',
    'forewarm.',
    {
      pattern: '^[A-Za-z0-9._-]{0,100}$',
    },
  ),
  groupPrefix: textSetting('Put before the names of consumer groups: `forewarm.` for `forewarm.ingest`.', 'forewarm.', {
    pattern: '^[A-Za-z0-9._-]{0,100}$',
  }),
  partitions: integerSetting(
    'Partitions of access-events and warm-outcomes each; a power of two. More of them is another model: rebuild.',
    16,
    { minimum: 1, maximum: 1_024 },
  ),
  commandPartitions: integerSetting('Partitions of warm-commands; the most workers that share them.', 16, {
    minimum: 1,
    maximum: 10_000,
  }),
  requestPartitions: integerSetting('Partitions of warm-requests.', 4, { minimum: 1, maximum: 10_000 }),
  deadLetterPartitions: integerSetting('Partitions of dead-letters.', 1, { minimum: 1, maximum: 10_000 }),
  replicationFactor: integerSetting('Copies of each record.', 3, { minimum: 1, maximum: 15 }),
  minInsyncReplicas: integerSetting('Copies that must have a record before it counts as written.', 2, {
    minimum: 1,
    maximum: 15,
  }),
  retentionMs: integerSetting(
    'How long access-events and warm-outcomes are kept, milliseconds; never less than `model.limits.memoryMs`.',
    DEFAULT_LIMITS.memoryMs + 7 * DAY_MS,
    { minimum: 3_600_000 },
  ),
  sessionTimeoutMs: integerSetting('A consumer silent for so long loses its partitions, milliseconds.', 15_000, {
    minimum: 6_000,
    maximum: 300_000,
  }),
})

export const registrySection = section('The schema registry of a distributed deployment (Confluent API).', {
  url: textSetting('Address, with the path of the Confluent API where there is one.', 'http://127.0.0.1:8081'),
  username: optionalSetting('User name for basic authentication.'),
  password: secretSetting('Password for basic authentication.'),
  passwordFile: passwordFile(),
  tls: section('Certificates for an address with `https://`.', certificateFiles),
})

const redis = (role: string, url: string, keyPrefix: string) =>
  section(`The Redis of the ${role}.`, {
    urls: listSetting(
      'Addresses (`redis://host:port/db`, `rediss://` for TLS); several are nodes of one cluster.',
      [url],
      { minItems: 1 },
    ),
    cluster: switchSetting('Whether this is a Redis Cluster.', false),
    username: optionalSetting('ACL user name.'),
    password: secretSetting('Password.'),
    passwordFile: passwordFile(),
    tls: tls('this Redis'),
    keyPrefix: textSetting('Put before every key, so that deployments can share a Redis.', keyPrefix, {
      pattern: '^[A-Za-z0-9:._-]{0,64}$',
    }),
    commandTimeoutMs: integerSetting('A command without an answer for so long has failed, milliseconds.', 5_000, {
      minimum: 100,
      maximum: 60_000,
    }),
  })

const LIMITS: Readonly<Record<keyof ModelLimits, string>> = {
  shards: 'Shards of one workspace.',
  sessionIdleMs: 'A session without an access for so long is over, milliseconds.',
  coAccessWindow: 'Files before an access that count as read together with it.',
  coAccessMax: 'Neighbours kept a file.',
  successorsMax: 'Successors kept a file.',
  accessTimesMax: 'Access times kept a file.',
  filesMax: 'Files kept a shard.',
  openSessionsMax: 'Sessions open at once in a shard.',
  closedSessionsMax: 'Closed sessions kept a shard.',
  sequenceMax: 'Accesses kept of one session.',
  sequenceChunk: 'Accesses in one row of a sequence.',
  analyzersMax: 'Analyzers with a profile in a shard.',
  profileFilesMax: 'Files kept in one profile.',
  openPredictionsPerFileMax: 'Open predictions kept a file.',
  openPredictionsMax: 'Open predictions kept a shard.',
  outcomesRememberedMax: 'Warm outcomes remembered in a shard, so that one that comes twice counts once.',
  runsMax: 'Runs kept a shard.',
  runDetailsMax: 'Runs of a shard of which the answer for each file is kept.',
  runChunk: 'Files of a run in one row.',
  runChunksMax: 'Rows of the files of runs in a shard.',
  minutesMax: 'Minutes of which a shard keeps the outcomes of reads apart.',
  halfLifeMs: 'Counts are halved once in each such period, milliseconds.',
  memoryMs: 'Evidence older than this weighs nothing, milliseconds.',
}

/** One setting for each limit of the model, whose default is the model's own. */
const limitSettings = Object.fromEntries(
  Object.entries(LIMITS).map(([name, description]) => [
    name,
    integerSetting(description, DEFAULT_LIMITS[name as keyof ModelLimits], { minimum: 1 }),
  ]),
) as Record<keyof ModelLimits, ReturnType<typeof integerSetting>>

export const modelSection = section('The model store. Its Redis must run with `maxmemory-policy noeviction`.', {
  redis: redis('models', 'redis://127.0.0.1:6379', 'fw:'),
  version: integerSetting('Version of the stored model, part of its keys: a new one is built beside the old.', 1, {
    minimum: 1,
    maximum: 9_999,
  }),
  limits: section('What the fold keeps (docs/model.md). Other limits are another model: rebuild.', limitSettings),
})

export const cacheSection = section('The cache of values. Its Redis should run with `maxmemory-policy volatile-ttl`.', {
  redis: redis('cache', 'redis://127.0.0.1:6380', 'fwc:'),
  readTtlMs: integerSetting(
    'Life of a value that was read or predicted, renewed at each read, milliseconds. Values leave for room long before.',
    5 * 365 * DAY_MS,
    { minimum: 60_000 },
  ),
  unreadTtlMs: integerSetting(
    'Life of a value that a run has warmed and nobody has read yet, milliseconds.',
    10 * 60_000,
    {
      minimum: 1_000,
    },
  ),
  liveMs: integerSetting(
    'A value that was read within this time is live: it counts as pressure and makes no room for runs, milliseconds.',
    15 * 60_000,
    { minimum: 1_000 },
  ),
  valueBytesMax: integerSetting('Largest value, bytes; larger files are not cached.', 8 * MIB, {
    minimum: 1_024,
    maximum: 512 * MIB,
  }),
})

export const embeddedSection = section('The one file of an embedded deployment (`forewarm up`).', {
  file: textSetting(
    'SQLite file with the log, the models and the cache; relative to the working directory.',
    '.forewarm/forewarm.sqlite',
  ),
  cacheBytesMax: integerSetting('Bytes that the cache may hold.', 256 * MIB, { minimum: 1_024 }),
  logBytesMax: integerSetting('Bytes of the log that are kept; the oldest records leave.', 1_024 * MIB, {
    minimum: MIB,
  }),
  partitions: integerSetting('Partitions of each topic; a power of two.', 4, { minimum: 1, maximum: 64 }),
})
