import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Message, Producer, RecordMetadata } from 'kafkajs'
import { ForewarmError } from '../../ports/errors.ts'
import { type Compression, compressionType } from './compression.ts'
import { RETRY } from './connection.ts'
import { isRecordRefused, toForewarmError } from './errors.ts'

/** One call's records of one topic, each with its partition. */
export type Sending = { readonly topic: string; readonly messages: readonly Message[]; readonly bytes: number }

export type KafkaSender = {
  /** Resolves with the offsets, in the order of the messages, once all in-sync replicas have them. */
  send(sending: Sending): Promise<readonly number[]>
  close(): Promise<void>
}

export type SenderOptions = {
  readonly compression: Compression
  /** A call fails that has not been acknowledged for so long. */
  readonly timeoutMs: number
  /** Calls waiting at most; more are refused at once. */
  readonly waitingMax: number
}

type Waiting = Sending & {
  resolve(offsets: readonly number[]): void
  reject(error: unknown): void
}

const ALL_IN_SYNC_REPLICAS = -1
/** Bytes of one request at most, so that no partition's part of it is over Kafka's default limit of 1 MiB. */
export const REQUEST_BYTES_MAX = 900_000
/** Messages of one request at most: kafkajs's work on one grows with the square of their number. */
export const REQUEST_MESSAGES_MAX = 1_000
/** kafkajs may resolve though a partition that moved meanwhile was not sent; it is sent again so often. */
const ROUNDS_MAX = 5
const CLOSE_MS = 5_000

/**
 * Sends one request at a time and gathers the calls that wait meanwhile into the next one, so that records of a key keep
 * their order over retries. The producer is idempotent: where one partition of a request fails, kafkajs sends all of them
 * again. It loses concurrent sends then (tulios/kafkajs#1005), which there are none of here; and after a failure it is
 * made anew, so that its sequence numbers never go astray.
 */
export function createSender(kafka: Kafka, options: SenderOptions): KafkaSender {
  const queue: Waiting[] = []
  const connection = createProducerConnection(kafka)
  let draining: Promise<void> | null = null
  let closed = false
  const drain = async (): Promise<void> => {
    while (queue.length > 0) await sendTogether(takeRequest(queue), (sendings) => attempt(sendings))
    draining = null
  }
  const attempt = async (sendings: readonly Sending[]): Promise<readonly number[][]> => {
    try {
      return await within(options.timeoutMs, sendAll(await connection.use(), sendings, options.compression))
    } catch (error) {
      // A producer is not trusted after a failure: it may not reconnect, or keep sending what was given up.
      connection.drop()
      throw toForewarmError(error, `sending to ${sendings[0]?.topic}`)
    }
  }
  return {
    send: (sending) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new ForewarmError('FW_LOG_UNAVAILABLE', 'the log was closed; open it anew'))
        if (queue.length >= options.waitingMax) return reject(overloaded(options.waitingMax))
        queue.push({ ...sending, resolve, reject })
        draining ??= drain()
      }),
    close: async () => {
      closed = true
      await Promise.race([draining, delay(CLOSE_MS, undefined, { ref: false })])
      await connection.close()
    },
  }
}

const overloaded = (waitingMax: number): ForewarmError =>
  new ForewarmError('FW_OVERLOADED', `${waitingMax} calls wait for the brokers already; send less or wait`, {
    retriable: true,
  })

/** The calls of the next request. */
function takeRequest(queue: Waiting[]): readonly Waiting[] {
  let bytes = 0
  let messages = 0
  const end = queue.findIndex((waiting, index) => {
    bytes += waiting.bytes
    messages += waiting.messages.length
    return index > 0 && (bytes > REQUEST_BYTES_MAX || messages > REQUEST_MESSAGES_MAX)
  })
  return queue.splice(0, end < 0 ? queue.length : end)
}

type Attempt = (sendings: readonly Sending[]) => Promise<readonly number[][]>

/** Sends calls in one request; if the broker refuses a record, each by itself, so that only the call with it fails. */
async function sendTogether(calls: readonly Waiting[], attempt: Attempt): Promise<void> {
  try {
    const offsets = await attempt(calls)
    calls.forEach((call, index) => {
      call.resolve(offsets[index] ?? [])
    })
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    if (calls.length === 1 || !isRecordRefused(cause)) {
      for (const call of calls) call.reject(error)
      return
    }
    for (const call of calls) await sendTogether([call], attempt)
  }
}

type Placing = { readonly call: number; readonly place: number; readonly topic: string; readonly message: Message }

/** Sends until every message has an offset. */
async function sendAll(
  producer: Producer,
  sendings: readonly Sending[],
  compression: Compression,
): Promise<readonly number[][]> {
  const offsets = sendings.map(({ messages }) => new Array<number>(messages.length))
  let left: readonly Placing[] = sendings.flatMap(({ topic, messages }, call) =>
    messages.map((message, place) => ({ call, place, topic, message })),
  )
  for (let round = 0; left.length > 0 && round < ROUNDS_MAX; round += 1) {
    const answers = await producer.sendBatch({
      acks: ALL_IN_SYNC_REPLICAS,
      compression: compressionType(compression),
      topicMessages: topicMessagesOf(left),
    })
    left = place(left, answers, offsets)
  }
  if (left.length > 0) {
    throw new ForewarmError('FW_LOG_UNAVAILABLE', 'partitions keep moving while records are sent; send again', {
      retriable: true,
    })
  }
  return offsets
}

function topicMessagesOf(placings: readonly Placing[]): { topic: string; messages: Message[] }[] {
  const grouped = Map.groupBy(placings, ({ topic }) => topic)
  return [...grouped].map(([topic, each]) => ({ topic, messages: each.map(({ message }) => message) }))
}

/** Notes the offsets of acknowledged messages; answers those whose partition the answer does not mention. */
function place(
  placings: readonly Placing[],
  answers: readonly RecordMetadata[],
  offsets: readonly number[][],
): readonly Placing[] {
  const next = new Map<string, number>()
  for (const { topicName, partition, baseOffset } of answers) next.set(`${topicName}/${partition}`, Number(baseOffset))
  return placings.filter(({ call, place, topic, message }) => {
    const name = `${topic}/${message.partition}`
    const offset = next.get(name)
    const target = offsets[call]
    if (offset === undefined || target === undefined) return true
    target[place] = offset
    next.set(name, offset + 1)
    return false
  })
}

type ProducerConnection = {
  use(): Promise<Producer>
  drop(): void
  close(): Promise<void>
}

function createProducerConnection(kafka: Kafka): ProducerConnection {
  let current: Promise<Producer> | null = null
  const drop = async (): Promise<void> => {
    const dropped = current
    current = null
    await dropped?.then((producer) => producer.disconnect()).catch(() => {})
  }
  return {
    use: () => {
      current ??= connect(kafka)
      return current
    },
    drop: () => void drop(),
    close: drop,
  }
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    idempotent: true,
    maxInFlightRequests: 1,
    retry: RETRY,
  })
  await producer.connect()
  return producer
}

/** Gives up waiting after a time; what was sent may still arrive. */
async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const over = new AbortController()
  const timeout = delay(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new ForewarmError(
      'FW_LOG_UNAVAILABLE',
      `the brokers did not acknowledge within ${timeoutMs} ms; send again`,
      {
        retriable: true,
      },
    )
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    over.abort()
    timeout.catch(() => {})
    work.catch(() => {})
  }
}
