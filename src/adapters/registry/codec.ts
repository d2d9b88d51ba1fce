import type { Clock } from '../../ports/clock.ts'
import type { Codec, CodedTopic, Decoded, TopicValues } from '../../ports/codec.ts'
import { messageOf } from '../../ports/errors.ts'
import { isLocalSchemaId, unframe } from '../../wire/framing.ts'
import { type PayloadReader, unreadable } from '../../wire/record-form.ts'
import { CODED_TOPICS, RECORD_FORMS } from '../../wire/record-forms.ts'
import type { RegistryClient } from './client.ts'
import { createSchemaLookup, type Lookup, type SchemaLookup } from './schema-lookup.ts'
import { ensureSubject, type SubjectOf } from './subjects.ts'

export type RegistryCodecOptions = {
  readonly client: RegistryClient
  readonly subjectOf: SubjectOf
  readonly clock: Pick<Clock, 'monotonicMs'>
}

export type RegistryCodec = Codec & {
  /**
   * Registers the schemas of topics that this process will write, so that a refusal shows at the start and not at the
   * first record. Rejects with FW_SCHEMA_UNAVAILABLE (retriable) or FW_SCHEMA_INCOMPATIBLE. Without it, encode does.
   */
  prepare(topics: readonly CodedTopic[]): Promise<void>
}

/**
 * The codec of a distributed deployment. A registry that is away stops only what nobody here has read or written yet:
 * encode then rejects with FW_SCHEMA_UNAVAILABLE, decode answers that the record can be tried again.
 */
export function createRegistryCodec(options: RegistryCodecOptions): RegistryCodec {
  const lookup = createSchemaLookup(options.client, options.clock)
  const ownId = createOwnIds(options)
  const readers: { readonly [Topic in CodedTopic]: TopicReaders<Topic> } = {
    'access-events': new TopicReaders('access-events', lookup),
    'warm-requests': new TopicReaders('warm-requests', lookup),
    'warm-commands': new TopicReaders('warm-commands', lookup),
    'warm-outcomes': new TopicReaders('warm-outcomes', lookup),
  }
  return {
    encode: async (topic, value) => RECORD_FORMS[topic].encode(value, await ownId(topic)),
    decode: (topic, bytes) => readers[topic].decode(bytes),
    prepare: async (topics) => {
      for (const topic of CODED_TOPICS) if (topics.includes(topic)) await ownId(topic)
    },
  }
}

/** Ids of the schemas that this build writes, each registered once; a failure is forgotten, so the next call tries. */
function createOwnIds({ client, subjectOf }: RegistryCodecOptions): (topic: CodedTopic) => Promise<number> {
  const ids = new Map<CodedTopic, Promise<number>>()
  return (topic) => {
    const known = ids.get(topic)
    if (known !== undefined) return known
    const registering = ensureSubject(client, topic, subjectOf(topic))
    ids.set(topic, registering)
    registering.catch(() => ids.delete(topic))
    return registering
  }
}

/** Reads a topic's records, by whichever schema each was written with. */
class TopicReaders<Topic extends CodedTopic> {
  readonly #topic: Topic
  readonly #lookup: SchemaLookup
  /** One reader an id; the ids that reach this map were found in the registry, so it stays small. */
  readonly #readers = new Map<number, PayloadReader<TopicValues[Topic]>>()

  constructor(topic: Topic, lookup: SchemaLookup) {
    this.#topic = topic
    this.#lookup = lookup
  }

  async decode(bytes: Uint8Array): Promise<Decoded<TopicValues[Topic]>> {
    const framed = unframe(bytes)
    if (typeof framed === 'string') return unreadable(framed)
    const { schemaId, payload } = framed
    const reader = this.#readers.get(schemaId)
    if (reader !== undefined) return reader(payload)
    if (isLocalSchemaId(schemaId)) return unreadable('the record was written without a registry (embedded)')
    const found = this.#lookup.known(schemaId) ?? (await this.#lookup.ask(schemaId))
    return this.#readerOf(schemaId, found)(payload)
  }

  #readerOf(schemaId: number, found: Lookup): PayloadReader<TopicValues[Topic]> {
    if (!('writer' in found)) return () => ({ ok: false, ...found })
    const reader = this.#judge(schemaId, found)
    this.#readers.set(schemaId, reader)
    return reader
  }

  /** A schema that is not this topic's, or cannot be read as it, makes every record that names it unreadable. */
  #judge(schemaId: number, { writer }: Extract<Lookup, { writer: unknown }>): PayloadReader<TopicValues[Topic]> {
    const form = RECORD_FORMS[this.#topic]
    if (writer.name !== form.recordName) {
      return () => unreadable(`schema id ${schemaId} is not one of ${form.recordName}`)
    }
    try {
      return form.reader(writer)
    } catch (error) {
      const cause = messageOf(error)
      return () => unreadable(`schema id ${schemaId} cannot be read as ${form.recordName}: ${cause.slice(0, 200)}`)
    }
  }
}
