import { Redis as RedisClient } from 'ioredis'
import { eventually } from '../eventually.ts'
import { freePort, freePorts } from './ports.ts'
import { type Redis, startRedis } from './redis.ts'

const slots = 16_384
const nodeTimeoutMs = 2000

export type RedisClusterOptions = {
  masters?: number
  /** Replicas of each master; with one a killed master's slots are taken over within some seconds. */
  replicas?: number
  settings?: Record<string, string>
  /** Settings of TLS, for clients and between nodes; each node then has a `tlsPort` too. */
  tls?: Record<string, string>
}

export type RedisCluster = {
  /** Masters first, then replicas: node `masters + i` replicates master `i mod masters`. */
  nodes: Redis[]
  /** Where each node speaks TLS, in the order of `nodes`; empty without TLS. */
  tlsPorts: number[]
  stop: () => Promise<void>
}

/** Starts a Redis Cluster of its own (three masters unless told) and resolves once all nodes agree on all slots. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const masters = options.masters ?? 3
  const count = masters * (1 + (options.replicas ?? 0))
  const busPorts = new Map<Redis, number>()
  const tlsPorts = options.tls === undefined ? [] : await freePorts(count)
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const busPort = await freePort()
      const tls =
        options.tls === undefined
          ? {}
          : { ...options.tls, 'tls-port': String(tlsPorts[index]), 'tls-cluster': 'yes', 'tls-replication': 'yes' }
      const node = await startRedis({ settings: { ...clusterSettings(busPort), ...options.settings, ...tls } })
      busPorts.set(node, busPort)
      return node
    }),
  )
  const clients = connectClients(nodes)
  try {
    const addresses = nodes.map((node) => ({ port: node.port, busPort: busPorts.get(node) ?? 0 }))
    await joinCluster(clients, addresses, masters)
  } finally {
    for (const client of clients) client.disconnect()
  }
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  return { nodes, tlsPorts, stop }
}

/** One client a node, for talking to nodes rather than to the cluster. */
export function connectClients(nodes: { host: string; port: number }[]): RedisClient[] {
  return nodes.map(({ host, port }) => new RedisClient(port, host))
}

/** The usual bus port (port + 10000) may be taken or not exist, so each node gets a free one. */
function clusterSettings(busPort: number): Record<string, string> {
  return {
    'cluster-enabled': 'yes',
    'cluster-port': String(busPort),
    'cluster-node-timeout': String(nodeTimeoutMs),
    'cluster-config-file': 'nodes.conf',
    // By default a master waits five seconds for further replicas before it fills one.
    'repl-diskless-sync-delay': '0',
  }
}

type NodeAddress = { port: number; busPort: number }

/** Makes single cluster-enabled nodes into one cluster: slots to masters, everyone meets, replicas follow. */
export async function joinCluster(clients: RedisClient[], addresses: NodeAddress[], masters: number): Promise<void> {
  for (const [index, client] of clients.entries()) {
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    if (index >= masters) continue
    const [first, next] = [index, index + 1].map((part) => Math.floor((part * slots) / masters))
    await client.call('CLUSTER', 'ADDSLOTSRANGE', first ?? 0, (next ?? slots) - 1)
  }
  for (const { port, busPort } of addresses.slice(1)) {
    await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort)
  }
  const allNodes = (views: ClusterView[]) => views.every((view) => view.isOk && view.known === clients.length)
  await eventually(() => views(clients), allNodes, { what: 'all Redis nodes know one another' })
  for (const [index, client] of clients.entries()) {
    if (index < masters) continue
    await client.call('CLUSTER', 'REPLICATE', String(await clients[index % masters]?.call('CLUSTER', 'MYID')))
  }
  const allLinked = (views: ClusterView[]) =>
    views.filter((view) => view.isLinkedReplica).length === clients.length - masters
  await eventually(() => views(clients), allLinked, { what: 'all Redis replicas follow' })
}

type ClusterView = { isOk: boolean; known: number; isLinkedReplica: boolean }

function views(clients: RedisClient[]): Promise<ClusterView[]> {
  return Promise.all(
    clients.map(async (client) => {
      const info = String(await client.call('CLUSTER', 'INFO'))
      const replication = await client.info('replication')
      return {
        isOk: info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slots}`),
        known: Number(/cluster_known_nodes:(\d+)/.exec(info)?.[1]),
        isLinkedReplica: replication.includes('role:slave') && replication.includes('master_link_status:up'),
      }
    }),
  )
}
