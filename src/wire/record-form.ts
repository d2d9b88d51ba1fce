import type { Type } from 'avsc'
import type { CodedTopic, Decoded } from '../ports/codec.ts'
import { ForewarmError, messageOf } from '../ports/errors.ts'
import type { Problem } from './checks.ts'
import { FRAME_BYTES, frame } from './framing.ts'
import { RECORD_BYTES_MAX } from './limits.ts'
import { loadSchema } from './load-schema.ts'
import { createScanner } from './scan.ts'

/** Reads payloads (without frame) that were written with one schema. */
export type PayloadReader<Value> = (payload: Uint8Array) => Decoded<Value>

/** How the records of one topic look on the wire, and how they are checked. */
export type RecordForm<Value> = {
  readonly topic: CodedTopic
  /** Full name of the record in every revision of its schema. */
  readonly recordName: string
  /** Revision of the schema that this build writes and reads as. */
  readonly revision: number
  /** The schema as its file has it. */
  readonly schema: string
  /** Schemas of all revisions of this build, the first one first; the last is `schema`. */
  readonly revisions: readonly string[]
  /** Encodes under a schema id. Throws FW_RECORD_INVALID for what no reader would take. */
  encode(value: Value, schemaId: number): Uint8Array
  /** A reader of what was written with `writer`. Throws when this build's schema cannot read that one. */
  reader(writer: Type): PayloadReader<Value>
}

export type RecordMapping<Value, Wire> = {
  readonly topic: CodedTopic
  readonly file: string
  /** Files of the revisions before, the first one first. */
  readonly former?: readonly string[]
  readonly revision: number
  toWire(value: Value): Wire
  fromWire(wire: Wire): Value
  problem(value: Value): Problem
}

/** Joins a mapping and its schema file into the form of a topic's records. */
export function defineForm<Value, Wire>(mapping: RecordMapping<Value, Wire>): RecordForm<Value> {
  const { text, type, name } = loadSchema(mapping.file)
  return {
    topic: mapping.topic,
    recordName: name,
    revision: mapping.revision,
    schema: text,
    revisions: [...(mapping.former ?? []).map((file) => loadSchema(file).text), text],
    encode: (value, schemaId) => encode(mapping, { value, schemaId, type }),
    reader: (writer) => createReader(mapping, type, writer),
  }
}

function encode<Value, Wire>(
  mapping: RecordMapping<Value, Wire>,
  { value, schemaId, type }: { value: Value; schemaId: number; type: Type },
): Uint8Array {
  const problem = mapping.problem(value)
  if (problem !== null) throw new ForewarmError('FW_RECORD_INVALID', `${mapping.topic} record not sent: ${problem}`)
  const bytes = frame(schemaId, type.toBuffer(mapping.toWire(value)))
  if (bytes.length <= RECORD_BYTES_MAX) return bytes
  throw new ForewarmError(
    'FW_RECORD_INVALID',
    `${mapping.topic} record not sent: ${bytes.length} bytes are over the limit of ${RECORD_BYTES_MAX}; send fewer entries`,
  )
}

function createReader<Value, Wire>(
  mapping: RecordMapping<Value, Wire>,
  reader: Type,
  writer: Type,
): PayloadReader<Value> {
  const scan = createScanner(writer)
  // Same schema: no resolver, which would cost a lookup a field.
  const resolver = reader.equals(writer) ? undefined : reader.createResolver(writer)
  return (payload) => {
    if (payload.length + FRAME_BYTES > RECORD_BYTES_MAX) return unreadable(`record is over ${RECORD_BYTES_MAX} bytes`)
    const fault = scan(payload)
    if (fault !== null) return unreadable(fault)
    const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
    let wire: Wire
    try {
      wire = reader.fromBuffer(buffer, resolver)
    } catch (error) {
      // What the scan lets through and avsc still refuses: a number beyond 2^53, an unknown symbol without a default.
      return unreadable(`not readable by its schema: ${messageOf(error)}`)
    }
    const value = mapping.fromWire(wire)
    const problem = mapping.problem(value)
    return problem === null ? { ok: true, value } : unreadable(problem)
  }
}

export const unreadable = (reason: string): { ok: false; retriable: false; reason: string } => ({
  ok: false,
  retriable: false,
  reason,
})
