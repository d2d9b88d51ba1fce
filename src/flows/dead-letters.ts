/**
 * Dead letters, read and sent on again. The topic is a log like the others: a letter that was sent on stays, and a note
 * in the same topic says so, which is how the same command can be given twice without sending anything twice.
 */
import type { EventLog, LogRecord, OutgoingRecord, TopicPartition, TopicRole } from '../ports/event-log.ts'
import { DEAD_LETTER_HEADERS, type DeadLetterOrigin, originOf } from './dead-letter.ts'

/** Header of a note: the letter (`partition/offset` in dead-letters) that was sent on. */
const NOTE_HEADER = 'forewarm.redriven'

/** Header of a record that was sent on: where it stood at first, `topic/partition/offset`. */
const FIRST_PLACE_HEADER = 'forewarm.redriven-from'

/** Which letters, by where they came from; what is left out takes any. */
export type LetterFilter = {
  readonly topic?: TopicRole | undefined
  readonly partition?: number | undefined
  readonly offset?: number | undefined
}

export type DeadLetter = {
  /** Its place in dead-letters: `partition/offset`. */
  readonly id: string
  readonly record: LogRecord
  readonly origin: DeadLetterOrigin
  /** It was sent on already. */
  readonly redriven: boolean
}

/** The letters that match, partition by partition, oldest first. Notes and records of other tools are passed over. */
export async function* readDeadLetters(log: EventLog, filter: LetterFilter): AsyncIterable<DeadLetter> {
  const redriven = new Set<string>()
  for await (const record of allRecords(log)) {
    const noted = record.headers.get(NOTE_HEADER)
    if (noted !== undefined) redriven.add(noted)
  }
  for await (const record of allRecords(log)) {
    const origin = record.headers.has(NOTE_HEADER) ? null : originOf(record)
    const id = `${record.partition}/${record.offset}`
    if (origin !== null && matches(origin, filter)) yield { id, record, origin, redriven: redriven.has(id) }
  }
}

export type Redriven = {
  readonly id: string
  readonly origin: DeadLetterOrigin
  readonly to: TopicPartition & { readonly offset: number }
}

/**
 * Sends up to `max` letters that match and were not sent on before to the end of the topic that they came from: key,
 * bytes and headers as they were, and where they stood at first. A crash between the sending and its note sends that
 * one letter again: what reads it takes records more than once anyway.
 */
export async function* redrive(log: EventLog, filter: LetterFilter, max: number): AsyncIterable<Redriven> {
  let count = 0
  for await (const { id, record, origin, redriven } of readDeadLetters(log, filter)) {
    if (redriven) continue
    if (count >= max) return
    count += 1
    const [to] = await log.append(origin.topic, [asItWas(record, origin)])
    await log.append('dead-letters', [
      { key: record.key, value: new Uint8Array(), headers: new Map([[NOTE_HEADER, id]]) },
    ])
    if (to !== undefined) yield { id, origin, to }
  }
}

function asItWas({ key, value, headers }: LogRecord, { topic, partition, offset }: DeadLetterOrigin): OutgoingRecord {
  const added: readonly string[] = Object.values(DEAD_LETTER_HEADERS)
  const own = [...headers].filter(([name]) => !added.includes(name))
  return { key, value, headers: new Map([[FIRST_PLACE_HEADER, `${topic}/${partition}/${offset}`], ...own]) }
}

async function* allRecords(log: EventLog): AsyncIterable<LogRecord> {
  const partitions = await log.partitions('dead-letters')
  for (let partition = 0; partition < partitions; partition += 1) {
    const place = { topic: 'dead-letters', partition } as const
    const { first } = await log.bounds(place)
    yield* log.read(place, first)
  }
}

const matches = (origin: DeadLetterOrigin, { topic, partition, offset }: LetterFilter): boolean =>
  (topic === undefined || origin.topic === topic) &&
  (partition === undefined || origin.partition === partition) &&
  (offset === undefined || origin.offset === offset)
