/** Kafka, Redis and a schema registry. */
import { createKafkaEventLog } from '../adapters/kafka/event-log.ts'
import { createRedisCache } from '../adapters/redis/cache.ts'
import { openRedis, type RedisConnection } from '../adapters/redis/connect.ts'
import { createRedisModelStore } from '../adapters/redis/model-store.ts'
import { createRegistryClient, type RegistryClient } from '../adapters/registry/client.ts'
import { createRegistryCodec } from '../adapters/registry/codec.ts'
import { createSystemClock } from '../adapters/system/clock.ts'
import { createTracedEventLog } from '../adapters/telemetry/traced-event-log.ts'
import type { RedisSettings, Settings } from '../config/schema.ts'
import type { Log } from '../ports/telemetry.ts'
import { certificates } from './certificates.ts'
import { credentials } from './credentials.ts'
import type { Engines, Reporting } from './engines.ts'
import { once } from './once.ts'

/** Engines on Kafka, Redis and a schema registry. */
export function openDistributed(settings: Settings, { logger, telemetry }: Reporting): Engines {
  const clock = createSystemClock()
  const { topicPrefix, groupPrefix, sessionTimeoutMs } = settings.kafka
  const connection = kafkaConnection(settings.kafka)
  const kafka = createKafkaEventLog({ connection, topicPrefix, groupPrefix, times: { sessionTimeoutMs }, log: logger })
  const log = createTracedEventLog(kafka, telemetry, { system: 'kafka', topicPrefix, groupPrefix })
  const codec = createRegistryCodec({ client: registryClient(settings), subjectOf: subjectOf(settings), clock })
  const store = once(() =>
    createRedisModelStore(connectRedis(settings.model.redis, 'store', logger), {
      modelVersion: String(settings.model.version),
      keyPrefix: settings.model.redis.keyPrefix,
    }),
  )
  const cache = once(() =>
    createRedisCache(connectRedis(settings.cache.redis, 'cache', logger), {
      keyPrefix: settings.cache.redis.keyPrefix,
      valueBytesMax: settings.cache.valueBytesMax,
      lifetimes: {
        readMs: settings.cache.readTtlMs,
        unreadMs: settings.cache.unreadTtlMs,
        liveMs: settings.cache.liveMs,
      },
      onDamaged: () => logger.warn({}, 'a damaged entry of the cache was removed'),
    }),
  )
  const close = async () => {
    await Promise.allSettled([log.close(), store.made()?.close(), cache.made()?.close()])
  }
  return { clock, log, codec, store, cache, close }
}

/** Name of the subject of a topic in the registry. */
export const subjectOf =
  ({ kafka }: Settings) =>
  (topic: string): string =>
    `${kafka.topicPrefix}${topic}-value`

/** An answer that takes longer than `more.timeoutMs` counts as none; the client's own default unless given. */
export const registryClient = ({ registry }: Settings, more: { readonly timeoutMs?: number } = {}): RegistryClient =>
  createRegistryClient({ url: registry.url, tls: certificates(registry.tls), ...credentials(registry), ...more })

/** Where the brokers are and how to log in to them, as settings say. */
export function kafkaConnection({ brokers, clientId, tls, sasl }: Settings['kafka']) {
  const { mechanism } = sasl
  const { username, password } = credentials(sasl)
  const hasLogin = mechanism !== 'none' && username !== undefined && password !== undefined
  return {
    brokers,
    clientId,
    ...(tls.enabled ? { ssl: certificates(tls) } : {}),
    ...(hasLogin ? { sasl: { mechanism, username, password } } : {}),
  }
}

/** A connection to one of the two roles of Redis, as settings say. */
export function connectRedis(redis: RedisSettings, role: 'store' | 'cache', logger: Log): RedisConnection {
  return openRedis(
    {
      urls: redis.urls,
      cluster: redis.cluster,
      commandTimeoutMs: redis.commandTimeoutMs,
      ...(redis.tls.enabled ? { tls: certificates(redis.tls) } : {}),
      ...credentials(redis),
      onConnectionError: (error) => logger.warn({ role, error: error.message }, 'connection to Redis failed'),
    },
    role,
  )
}
