import { ForewarmError } from '../../ports/errors.ts'
import type {
  BatchVerdict,
  ConsumeOptions,
  EventLog,
  LogBatch,
  LogHandler,
  OutgoingRecord,
  TopicPartition,
  TopicRole,
} from '../../ports/event-log.ts'
import type { Attributes, MetricName, Telemetry, Traceparent } from '../../ports/telemetry.ts'

export type TracedLogOptions = {
  /** `messaging.system`: kafka, or what stands in for it. */
  readonly system: 'kafka' | 'sqlite' | 'memory'
  /** As the log has them, so that spans bear the names that the broker knows. */
  readonly topicPrefix: string
  readonly groupPrefix: string
}

const TRACEPARENT = 'traceparent'
const LINKS_MAX = 128

/**
 * A log that tells what goes through it by the messaging conventions of OpenTelemetry (semantic conventions 1.44,
 * docs/messaging): the span `send <topic>` around an append, whose context goes along in the records' `traceparent`
 * header, and around each batch the span `process <topic>`, linked to the contexts that its records brought.
 */
export function createTracedEventLog(log: EventLog, telemetry: Telemetry, options: TracedLogOptions): EventLog {
  const sender = { log, telemetry, options }
  return {
    ...log,
    append: (topic, records) => (records.length === 0 ? log.append(topic, records) : send(sender, topic, records)),
    consume: (consumeOptions, handler) =>
      log.consume(consumeOptions, createTracedHandler(handler, telemetry, { ...options, ...consumeOptions })),
  }
}

type Sender = { readonly log: EventLog; readonly telemetry: Telemetry; readonly options: TracedLogOptions }

function send({ log, telemetry, options }: Sender, topic: TopicRole, records: readonly OutgoingRecord[]) {
  const destination = `${options.topicPrefix}${topic}`
  const attributes = {
    'messaging.system': options.system,
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': destination,
  }
  const spanAttributes = { ...attributes, ...countOf(records) }
  const done = (result: Attributes, seconds: number): void => {
    const measured = { ...attributes, ...result }
    telemetry.measure('messaging.client.sent.messages', records.length, measured)
    telemetry.measure('messaging.client.operation.duration', seconds, measured)
  }
  return telemetry.span(`send ${destination}`, { kind: 'producer', attributes: spanAttributes }, (span) =>
    timed(
      () =>
        log.append(
          topic,
          records.map((record) => withContext(record, span.traceparent)),
        ),
      done,
    ),
  )
}

/** A record that brings a context of its own keeps it: it was made there, and is only sent on here. */
function withContext(record: OutgoingRecord, traceparent: Traceparent | null): OutgoingRecord {
  if (traceparent === null || record.headers.has(TRACEPARENT)) return record
  return { ...record, headers: new Map(record.headers).set(TRACEPARENT, traceparent) }
}

function createTracedHandler(
  handler: LogHandler,
  telemetry: Telemetry,
  options: TracedLogOptions & ConsumeOptions,
): LogHandler {
  const lag = (of: TopicPartition, records: number): void =>
    telemetry.measure('forewarm.consumer.lag', records, { group: options.group, ...of })
  return {
    assigned: (partitions) => handler.assigned(partitions),
    revoked: async (partitions) => {
      await handler.revoked(partitions)
      // What is left is the next owner's to tell.
      const { group } = options
      for (const { topic, partition } of partitions) {
        telemetry.withdraw('forewarm.consumer.lag', { group, topic, partition })
      }
    },
    batch: async (batch, signal) => {
      const { topic, partition, records, endOffset } = batch
      // Before it too: a batch that never ends would tell nothing.
      lag({ topic, partition }, endOffset - (records[0]?.offset ?? endOffset))
      const verdict = await process(() => handler.batch(batch, signal), { batch, telemetry, options })
      lag({ topic, partition }, endOffset - verdict.next)
      return verdict
    },
  }
}

type Processing = {
  readonly batch: LogBatch
  readonly telemetry: Telemetry
  readonly options: TracedLogOptions & ConsumeOptions
}

function process(work: () => Promise<BatchVerdict>, { batch, telemetry, options }: Processing): Promise<BatchVerdict> {
  const destination = `${options.topicPrefix}${batch.topic}`
  const place = {
    'messaging.system': options.system,
    'messaging.destination.name': destination,
    'messaging.destination.partition.id': String(batch.partition),
    'messaging.consumer.group.name': `${options.groupPrefix}${options.group}`,
  }
  const polled = { ...place, 'messaging.operation.name': 'poll', 'messaging.operation.type': 'receive' }
  const processed = { ...place, 'messaging.operation.name': 'process', 'messaging.operation.type': 'process' }
  telemetry.measure('messaging.client.consumed.messages', batch.records.length, polled)
  const span = {
    kind: 'consumer',
    attributes: { ...processed, ...countOf(batch.records) },
    links: linksOf(batch),
  } as const
  const measure: Done = (result, seconds) => telemetry.measure(PROCESS_DURATION, seconds, { ...processed, ...result })
  return telemetry.span(`process ${destination}`, span, () => timed(work, measure))
}

const PROCESS_DURATION: MetricName = 'messaging.process.duration'

/** Contexts of a batch's records, each once. */
function linksOf({ records }: LogBatch): readonly Traceparent[] {
  const links = new Set<Traceparent>()
  for (const { headers } of records) {
    const traceparent = headers.get(TRACEPARENT)
    if (traceparent !== undefined) links.add(traceparent)
    if (links.size === LINKS_MAX) break
  }
  return [...links]
}

/** The convention wants the count on batches only. */
const countOf = (records: readonly unknown[]): Attributes =>
  records.length === 1 ? {} : { 'messaging.batch.message_count': records.length }

type Done = (result: Attributes, seconds: number) => void

async function timed<Result>(work: () => Promise<Result>, done: Done): Promise<Result> {
  const startMs = performance.now()
  const seconds = (): number => (performance.now() - startMs) / 1_000
  try {
    const result = await work()
    done({}, seconds())
    return result
  } catch (error) {
    done({ 'error.type': errorType(error) }, seconds())
    throw error
  }
}

const errorType = (error: unknown): string => {
  if (error instanceof ForewarmError) return error.code
  return error instanceof Error ? error.name : '_OTHER'
}
