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
  const readers: { readonly [Topic in CodedTopic]: PayloadReader<TopicValues[Topic]> } = {
    'access-events': ownReader('access-events'),
    'warm-requests': ownReader('warm-requests'),
    'warm-commands': ownReader('warm-commands'),
    'warm-outcomes': ownReader('warm-outcomes'),
  }
  return {
    encode: async (topic, value) => RECORD_FORMS[topic].encode(value, ownSchemaId(topic)),
    decode: async (topic, bytes) => decodeEmbedded(topic, bytes, readers[topic]),
  }
}

function decodeEmbedded<Topic extends CodedTopic>(
  topic: Topic,
  bytes: Uint8Array,
  read: PayloadReader<TopicValues[Topic]>,
): Decoded<TopicValues[Topic]> {
  const framed = unframe(bytes)
  if (typeof framed === 'string') return unreadable(framed)
  if (framed.schemaId === ownSchemaId(topic)) return read(framed.payload)
  return unreadable(`schema id ${framed.schemaId} is not one of this build for ${topic}`)
}

const ownReader = <Topic extends CodedTopic>(topic: Topic): PayloadReader<TopicValues[Topic]> =>
  RECORD_FORMS[topic].reader(parseSchema(RECORD_FORMS[topic].schema))

const ownSchemaId = (topic: CodedTopic): number =>
  localSchemaId(CODED_TOPICS.indexOf(topic), RECORD_FORMS[topic].revision)
