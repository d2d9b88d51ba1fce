import type { ConnectionOptions } from 'node:tls'
import kafkajs, { type Kafka, type LogEntry } from 'kafkajs'
import type { Log } from '../../ports/telemetry.ts'
import { mendBatches } from './batches.ts'
import { registerCodecs } from './compression.ts'
import { mendHeaderBombs } from './header-bombs.ts'
import { mendIdleSpin } from './idle-spin.ts'
import { type KafkaLogin, saslOf } from './login.ts'

export type KafkaConnection = {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly brokers: readonly string[]
  /** Shown in the brokers' logs and quotas. */
  readonly clientId: string
  /** True for TLS with the system's roots, or Node's TLS options (ca, cert, key, servername). */
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: KafkaLogin
}

const CONNECTION_TIMEOUT_MS = 5_000
/** A broker that does not answer for so long counts as gone. */
const REQUEST_TIMEOUT_MS = 15_000

/** Retries inside kafkajs: short, since every caller here goes on by itself, with its own deadline. */
export const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 } as const

/** A kafkajs client for these brokers. It connects at its first use. */
export function createKafkaClient(connection: KafkaConnection, log?: Log): Kafka {
  mendIdleSpin()
  mendHeaderBombs()
  mendBatches()
  registerCodecs()
  return new kafkajs.Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    ssl: connection.ssl ?? false,
    ...(connection.sasl === undefined ? {} : { sasl: saslOf(connection.sasl) }),
    logLevel: log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.INFO,
    logCreator: () => (entry) => {
      if (log !== undefined) forward(log, entry)
    },
  })
}

/** kafkajs calls an error what it retries by itself: a warning at most. What ends a consumer comes by `failed`. */
function forward(log: Log, { level, log: { message, groupId, error } }: LogEntry): void {
  const fields = { client: 'kafkajs', ...textField('group', groupId), ...textField('cause', error) }
  if (level === kafkajs.logLevel.ERROR) log.warn(fields, message)
  else log.debug(fields, message)
}

const textField = (name: string, value: unknown): Record<string, string> =>
  value === undefined ? {} : { [name]: String(value) }
