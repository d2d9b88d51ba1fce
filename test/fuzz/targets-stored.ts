/** What comes out of a log, a cache or a store. */
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { unpack } from '../../src/adapters/compression.ts'
import { metaFromText } from '../../src/adapters/model-rows.ts'
import { createRegistryCodec } from '../../src/adapters/registry/codec.ts'
import { parseFingerprint } from '../../src/dependencies/fingerprint.ts'
import { decodeKept } from '../../src/flows/graph/kept-imports.ts'
import { parseFence } from '../../src/flows/ingest/fence.ts'
import { decodeEvidence } from '../../src/model/rows/evidence-row.ts'
import { decodeHeaderRow, decodeRemembered, decodeRevision } from '../../src/model/rows/header-rows.ts'
import { decodePredictions } from '../../src/model/rows/prediction-rows.ts'
import { RowFormatError } from '../../src/model/rows/row-reader.ts'
import { decodeAnswers, decodeMinutes, decodeRun } from '../../src/model/rows/run-rows.ts'
import { decodeSequenceChunk } from '../../src/model/rows/sequence-row.ts'
import { decodeClosed, decodeProfile } from '../../src/model/rows/session-rows.ts'
import type { CodedTopic } from '../../src/ports/codec.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { parsePointer } from '../../src/warming/incremental.ts'
import { decodeChunk, decodeHeader, decodePlanned, decodeProgress, encodeChunk } from '../../src/warming/run/notes.ts'
import { decodeEntry, encodeEntry } from '../../src/wire/cache-entry.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { frame } from '../../src/wire/framing.ts'
import { CODED_TOPICS, RECORD_FORMS } from '../../src/wire/record-forms.ts'
import { headersIn, recordBytes } from '../support/kafka-record.ts'
import { anyRecord } from '../support/records.ts'
import { bytesLike, textLike } from './inputs.ts'
import { bytesTarget, holds, refusing, type Target, textTarget } from './target.ts'

const SEEDS = 8
const VALUE_BYTES_MAX = 100_000
const embedded = createEmbeddedCodec()

async function recordTarget(topic: CodedTopic): Promise<Target> {
  const values = fc.sample(anyRecord[topic] as fc.Arbitrary<never>, { numRuns: SEEDS, seed: 1 })
  const seeds = await Promise.all(values.map((value) => embedded.encode(topic, value)))
  return bytesTarget(`record of ${topic}`, bytesLike(seeds), async (bytes) => {
    const decoded = await embedded.decode(topic, bytes)
    // What is let through is a good record: it can be written again.
    if (decoded.ok) await embedded.encode(topic, decoded.value)
  })
}

const SCHEMA_ID = 7

/** Schemas as anyone who may register one can write them: the record is refused, or read. */
function schemaTarget(): Target {
  const own = RECORD_FORMS['access-events'].schema
  const pieces =
    '{ } [ ] , : " "type" "record" "array" "map" "enum" "fixed" "union" "items" "values" "fields" "name" "size" "null" ' +
    '"long" "string" "bytes" "symbols" "default" "aliases" "namespace" "logicalType" {"type":"array","items": 1 -1 1e99'
  return textTarget('schema of a registry', textLike(pieces.split(' '), [own, '"null"']), async (schema) => {
    const unused = () => Promise.reject(new Error('nothing but the schema is asked for'))
    const client = {
      ...{ find: unused, register: unused, versions: unused, compatibility: unused, setCompatibility: unused },
      schemaById: async () => ({ schema, schemaType: 'AVRO', hasReferences: false }),
    }
    const codec = createRegistryCodec({ client, subjectOf: (topic) => topic, clock: { monotonicMs: () => 0 } })
    await codec.decode('access-events', frame(SCHEMA_ID, new Uint8Array(40)))
  })
}

const entrySeeds = (['none', 'zstd'] as const).map((compression) =>
  encodeEntry({
    ...{ state: 'unread', compression, commandId: 'c', traceparent: '00-1-2-01', valueBytes: 4 },
    payload: new Uint8Array([1, 2, 3, 4]),
  }),
)

const entry = bytesTarget('entry of a cache', bytesLike(entrySeeds), async (bytes) => {
  const found = decodeEntry(bytes, VALUE_BYTES_MAX)
  if (found === null) return
  const value = await unpack(found)
  holds(value === null || value.length === found.valueBytes, 'a value is as long as its entry says')
})

const ROWS: readonly (readonly [string, (bytes: Uint8Array) => unknown])[] = [
  ['evidence', decodeEvidence],
  ['header', decodeHeaderRow],
  ['revision', decodeRevision],
  ['remembered commands', decodeRemembered],
  ['predictions', decodePredictions],
  ['run', decodeRun],
  ['answers', (bytes) => decodeAnswers(bytes, 1_024)],
  ['minutes', decodeMinutes],
  ['sequence', (bytes) => decodeSequenceChunk(bytes, (high, low) => `${high}/${low}`)],
  ['closed sessions', decodeClosed],
  ['profile', (bytes) => decodeProfile(bytes, (high, low) => `${high}/${low}`)],
  ['header of a run', decodeHeader],
  ['planned files', decodePlanned],
  ['progress of a run', decodeProgress],
  ['chunk of a plan', decodeChunk],
]

const planSeed = encodeChunk([
  { path: 'a', layer: 'content', reason: 'r', depth: 0, probability: 1, expectedAtMs: 1, horizonAtMs: 2 },
])
const rowSeeds = [
  planSeed,
  ...Array.from({ length: 12 }, (_, version) => Uint8Array.of(version, 1, 1, 97, 1, 1, 1, 1, 1, 1)),
]

const rows = ROWS.map(([name, decode]) =>
  bytesTarget(`row: ${name}`, bytesLike(rowSeeds), (bytes) => refusing([RowFormatError], () => decode(bytes))),
)

const digest = 'a'.repeat(32)
const texts: readonly Target[] = [
  textTarget(
    'kept imports',
    textLike(['[', ']', '"', ',', '1', 'null', '{}'], ['["1","s","p",0,[["a",0,0,"n"]],false]']),
    (text) => decodeKept(new TextEncoder().encode(text)),
  ),
  textTarget('fence', textLike(['0', '.', '/', '-', 'x'], ['1.2/3.4/mark']), (text) =>
    refusing([ForewarmError], () => parseFence(text)),
  ),
  textTarget(
    'fingerprint',
    textLike(
      ['{', '}', '[', ']', '"path":', '"closure":', ',', '"a"', '1'],
      ['{"path":"a","version":"1","digest":"d","closure":[["b","2"]]}'],
    ),
    parseFingerprint,
  ),
  textTarget('pointer of a fingerprint', textLike(['+', 'a', digest], [`v+${digest}+${digest}`]), parsePointer),
  textTarget(
    'meta of a model',
    textLike(['{', '}', '"partitions":', '1', ','], ['{"partitions":1,"shards":1,"limits":"x"}']),
    (text) => refusing([SyntaxError, TypeError], () => metaFromText(text)),
  ),
]

const kafkaRecord = bytesTarget(
  'headers of a record of Kafka',
  bytesLike([
    recordBytes([
      ['traceparent', '00-a-b-01'],
      ['__proto__', 'x'],
    ]),
    recordBytes([['a', null]], 2 ** 30),
  ]),
  (bytes) => {
    // kafkajs, and what it reads bytes with; a broker takes no such record in.
    const headers = refusing([kafkajs.KafkaJSError, RangeError, TypeError], () => headersIn(bytes))
    holds((headers?.size ?? 0) <= bytes.length, 'a header takes a byte at least')
  },
)

/** All of them. */
export const storedTargets = async (): Promise<readonly Target[]> => [
  ...(await Promise.all(CODED_TOPICS.map(recordTarget))),
  schemaTarget(),
  entry,
  kafkaRecord,
  ...rows,
  ...texts,
]
