import type { AccessEvent } from '../model/access.ts'
import type { WarmOutcome } from '../model/outcome.ts'
import type { WarmCommand, WarmRequest } from '../warming/command.ts'

/** The decoded value of each topic that carries one. */
export type TopicValues = {
  'access-events': AccessEvent
  'warm-requests': WarmRequest
  'warm-commands': WarmCommand
  'warm-outcomes': WarmOutcome
}

export type CodedTopic = keyof TopicValues

/** A record that can be read, or why it cannot: a bad record is a value, never an exception. */
export type Decoded<Value> =
  | { readonly ok: true; readonly value: Value }
  /** Never readable: goes to dead-letters with this reason. */
  | { readonly ok: false; readonly retriable: false; readonly reason: string }
  /** Not readable now (schema registry away): the partition waits. */
  | { readonly ok: false; readonly retriable: true; readonly reason: string }

/** Bytes on the log <-> values. Adapters: with a schema registry, and embedded with the schemas of this build. */
export interface Codec {
  encode<Topic extends CodedTopic>(topic: Topic, value: TopicValues[Topic]): Promise<Uint8Array>
  decode<Topic extends CodedTopic>(topic: Topic, bytes: Uint8Array): Promise<Decoded<TopicValues[Topic]>>
}
