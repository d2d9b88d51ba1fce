import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { cached } from './download-cache.ts'
import { quickStartFlags, requireJava, runMaven } from './java.ts'
import { makeRunFolder } from './locations.ts'
import { freePorts } from './ports.ts'
import { ServerProcess } from './server-process.ts'

export const kafkaVersion = '4.4.0'
const clusterId = 'Zm9yZXdhcm0tdGVzdHMtMQ'
const loopback = '127.0.0.1'
const startedLine = 'Kafka Server started'
/** Without its thousands of lines about settings, which it prints anew for every listener. */
const logging = [
  '-Dorg.slf4j.simpleLogger.logFile=System.out',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn',
]

export type KafkaOptions = {
  /** Combined brokers and controllers; 3 gives replication factor 3 and min.insync.replicas 2 for internal topics. */
  nodes?: 1 | 3
  /** Address at which clients reach it; the loopback unless told. */
  host?: string
  heapMb?: number
  /** Replaces the flags for a quick start, for measurements of throughput. */
  jvmFlags?: string[]
  /** Further lines of server.properties; they win over the harness's own. */
  settings?: Record<string, string>
  /** Users (name to password) that it knows by SCRAM-SHA-512 from its start on. */
  scramUsers?: Readonly<Record<string, string>>
}

export type Kafka = {
  /** `host:port` of each node. */
  bootstrap: string[]
  /** In the order of `bootstrap`; node ids count from 1. */
  nodes: ServerProcess[]
  stop: () => Promise<void>
}

type NodePlan = { id: number; folder: string; clientPort: number; controllerPort: number }

/** Starts a Kafka cluster of its own as child processes and resolves once every node serves. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const libraries = await fetchKafka()
  const folder = await makeRunFolder('kafka')
  const plans = await planNodes(options.nodes ?? 1, folder)
  const nodes = await Promise.all(plans.map((plan) => prepareNode(plan, { plans, libraries, options })))
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()))
    throw error
  }
  return { bootstrap: plans.map((plan) => `${options.host ?? loopback}:${plan.clientPort}`), nodes, stop }
}

/** The folder with Kafka's jars. Its own logging binding is replaced by slf4j-simple: without one it starts mute. */
export async function fetchKafka(): Promise<string> {
  const folder = await cached(`kafka-${kafkaVersion}`, async (unfinished) => {
    await writeFile(join(unfinished, 'pom.xml'), pom())
    await runMaven(['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libs'], unfinished)
    const libraries = join(unfinished, 'libs')
    for (const jar of await readdir(libraries)) {
      if (/^(slf4j-reload4j|log4j-slf4j)/.test(jar)) await rm(join(libraries, jar))
    }
  })
  return join(folder, 'libs')
}

function pom(): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>forewarm.test</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`
}

async function planNodes(count: number, folder: string): Promise<NodePlan[]> {
  const ports = await freePorts(2 * count)
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    folder: join(folder, `node-${index + 1}`),
    clientPort: ports[2 * index] ?? 0,
    controllerPort: ports[2 * index + 1] ?? 0,
  }))
}

type ClusterPlan = { plans: NodePlan[]; libraries: string; options: KafkaOptions }

async function prepareNode(plan: NodePlan, cluster: ClusterPlan): Promise<ServerProcess> {
  const properties = join(plan.folder, 'server.properties')
  await mkdir(plan.folder, { recursive: true })
  await writeFile(properties, serverProperties(plan, cluster))
  const java = requireJava(17, `Kafka ${kafkaVersion}`)
  const classes = ['-cp', join(cluster.libraries, '*')]
  const users = Object.entries(cluster.options.scramUsers ?? {}).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ])
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties, ...users]
  const formatFlags = await quickStartFlags(java, `kafka-${kafkaVersion}-format`)
  await runCommand(java.binary, ['-Xmx128m', ...formatFlags, ...classes, ...format], {
    mend: `see whether ${plan.folder} can be written, and whether the cache of jars is whole (remove it to fetch it anew)`,
  })
  const flags = cluster.options.jvmFlags ?? (await quickStartFlags(java, `kafka-${kafkaVersion}`))
  return new ServerProcess({
    name: `Kafka node ${plan.id}`,
    command: java.binary,
    args: [
      '-Xms64m',
      `-Xmx${cluster.options.heapMb ?? 256}m`,
      ...flags,
      ...logging,
      ...classes,
      'kafka.Kafka',
      properties,
    ],
    cwd: plan.folder,
    logFile: join(plan.folder, 'server.log'),
    isReady: (log) => log().includes(startedLine),
    mend: `read ${join(plan.folder, 'server.log')}`,
  })
}

function serverProperties(plan: NodePlan, { plans, options }: ClusterPlan): string {
  const replicas = Math.min(plans.length, 3)
  const inSync = replicas === 3 ? 2 : 1
  const clients = `PLAINTEXT://${options.host ?? loopback}:${plan.clientPort}`
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': plan.id,
    'controller.quorum.voters': plans.map((each) => `${each.id}@${loopback}:${each.controllerPort}`).join(),
    'controller.listener.names': 'CONTROLLER',
    listeners: `${clients},CONTROLLER://${loopback}:${plan.controllerPort}`,
    'advertised.listeners': clients,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(plan.folder, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.num.partitions': 3,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 3,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    // A killed broker may register again only when its old session is over: 9 s by default.
    'broker.session.timeout.ms': 4000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    ...options.settings,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
