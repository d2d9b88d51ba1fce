import type { GenericContainer, StartedTestContainer } from 'testcontainers'
import { kafkaVersion } from './kafka.ts'
import { freePort, freePorts } from './ports.ts'
import { connectClients, joinCluster } from './redis-cluster.ts'

/** Names of the images; on machines without an image registry test/support/docker builds local ones of these names. */
export const images = {
  redis: 'redis:7',
  kafka: `apache/kafka:${kafkaVersion}`,
  registry: 'apicurio/apicurio-registry:3.3.3',
}

const startupMsMax = 120_000
const loopback = '127.0.0.1'

export type InContainer<T> = { address: T; stop: () => Promise<void> }

/** One Kafka node. The host's port is chosen beforehand because the broker has to advertise it. */
export async function startKafkaContainer(): Promise<InContainer<string[]>> {
  const [{ GenericContainer, Wait }, port] = [await import('testcontainers'), await freePort()]
  const container = new GenericContainer(images.kafka)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(kafkaEnvironment(port))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
  return started(container, [`${loopback}:${port}`])
}

/** One Redis with settings by their names in redis.conf. */
export async function startRedisContainer(settings: Record<string, string> = {}): Promise<InContainer<string>> {
  const [{ GenericContainer, Wait }, port] = [await import('testcontainers'), await freePort()]
  const container = new GenericContainer(images.redis)
    .withExposedPorts({ container: 6379, host: port })
    .withCommand(['redis-server', ...redisArguments({ save: '', ...settings })])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
  return started(container, `redis://${loopback}:${port}`)
}

/**
 * Three masters in one container: there they reach one another at the very loopback addresses and ports at which the
 * host reaches them, so that the addresses which a cluster hands to its clients hold on both sides.
 */
export async function startRedisClusterContainer(): Promise<InContainer<{ host: string; port: number }[]>> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const ports = await freePorts(3)
  const busPorts = await freePorts(3)
  const server = (port: number, index: number) => {
    const bus = String(busPorts[index])
    const settings = { port: String(port), 'cluster-port': bus, 'cluster-config-file': `nodes-${port}.conf` }
    const all = { ...settings, 'cluster-enabled': 'yes', 'protected-mode': 'no', bind: '0.0.0.0', save: "''" }
    return `redis-server ${redisArguments(all).join(' ')} --cluster-announce-ip ${loopback} & `
  }
  const container = new GenericContainer(images.redis)
    .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
    .withCommand(['sh', '-c', `${ports.map(server).join('')}wait`])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/, ports.length))
  const result = await started(
    container,
    ports.map((port) => ({ host: loopback, port })),
  )
  const clients = connectClients(result.address)
  try {
    const addresses = ports.map((port, index) => ({ port, busPort: busPorts[index] ?? 0 }))
    await joinCluster(clients, addresses, ports.length)
  } finally {
    for (const client of clients) client.disconnect()
  }
  return result
}

/** A schema registry that keeps its schemas in memory. */
export async function startRegistryContainer(): Promise<InContainer<string>> {
  const [{ GenericContainer, Wait }, port] = [await import('testcontainers'), await freePort()]
  const path = '/apis/ccompat/v7'
  const container = new GenericContainer(images.registry)
    .withExposedPorts({ container: 8080, host: port })
    .withWaitStrategy(Wait.forHttp(`${path}/subjects`, 8080))
  return started(container, `http://${loopback}:${port}${path}`)
}

async function started<T>(container: GenericContainer, address: T): Promise<InContainer<T>> {
  const running: StartedTestContainer = await container.withStartupTimeout(startupMsMax).start()
  const stop = async () => {
    await running.stop()
  }
  return { address, stop }
}

function redisArguments(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

function kafkaEnvironment(port: number): Record<string, string> {
  return {
    CLUSTER_ID: 'Zm9yZXdhcm0tdGVzdHMtMQ',
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${loopback}:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '3',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
  }
}
