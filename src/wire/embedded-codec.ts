import type { Codec, CodedTopic, Decoded, TopicValues } from '../ports/codec.ts'
import { localSchemaId, unframe } from './framing.ts'
import { parseSchema } from './load-schema.ts'
import { type PayloadReader, unreadable } from './record-form.ts'
import { CODED_TOPICS, RECORD_FORMS } from './record-forms.ts'

/**
 * The codec of one process without a schema registry: every record carries a local id (topic and schema revision), and
 * every revision is part of this build. Decoding is safe on hostile bytes and never throws.
 */
export function createEmbeddedCodec(): Codec {
  const readers: { readonly [Topic in CodedTopic]: Readers<TopicValues[Topic]> } = {
    'access-events': ownReaders('access-events'),
    'warm-requests': ownReaders('warm-requests'),
    'warm-commands': ownReaders('warm-commands'),
    'warm-outcomes': ownReaders('warm-outcomes'),
  }
  return {
    encode: async (topic, value) => RECORD_FORMS[topic].encode(value, ownSchemaId(topic)),
    decode: async (topic, bytes) => decodeEmbedded(topic, bytes, readers[topic]),
  }
}

function decodeEmbedded<Topic extends CodedTopic>(
  topic: Topic,
  bytes: Uint8Array,
  readers: Readers<TopicValues[Topic]>,
): Decoded<TopicValues[Topic]> {
  const framed = unframe(bytes)
  if (typeof framed === 'string') return unreadable(framed)
  const read = readers.get(framed.schemaId)
  if (read !== undefined) return read(framed.payload)
  return unreadable(`schema id ${framed.schemaId} is not one of this build for ${topic}`)
}

/** Readers by local schema id, one for every revision that a record of an older build may have. */
type Readers<Value> = ReadonlyMap<number, PayloadReader<Value>>

const ownReaders = <Topic extends CodedTopic>(topic: Topic): Readers<TopicValues[Topic]> =>
  new Map(
    RECORD_FORMS[topic].revisions.map((schema, index) => [
      localSchemaId(CODED_TOPICS.indexOf(topic), index + 1),
      RECORD_FORMS[topic].reader(parseSchema(schema)),
    ]),
  )

const ownSchemaId = (topic: CodedTopic): number =>
  localSchemaId(CODED_TOPICS.indexOf(topic), RECORD_FORMS[topic].revision)
