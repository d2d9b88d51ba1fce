/** Kafka, the registry and both Redis beside the cluster, and by which names its pods find them. */
import { startKafka } from '../services/kafka.ts'
import { startRedis } from '../services/redis.ts'
import { startRegistry } from '../services/registry.ts'

type Port = { readonly port: number; readonly targetPort: number }

export type Engines = {
  /** Services of the names and ports in examples/minimal.yaml, as a list for `kubectl apply`. */
  readonly services: (namespace: string) => string
  /** Path below the registry's address. */
  readonly registryPath: string
  readonly stop: () => Promise<void>
}

/** Starts them at an address which pods reach; Kafka advertises it. */
export async function startEngines(address: string): Promise<Engines> {
  const settings = { bind: `127.0.0.1 ${address}`, 'protected-mode': 'no' }
  const cache = { maxmemory: '64mb', 'maxmemory-policy': 'volatile-ttl' }
  const [kafka, registry, model, cached] = await Promise.all([
    startKafka({ host: address }),
    startRegistry({ host: address }),
    startRedis({ settings: { ...settings, appendonly: 'yes' } }),
    startRedis({ settings: { ...settings, ...cache } }),
  ])
  const { port, pathname } = new URL(registry.url)
  const ports: ReadonlyMap<string, Port> = new Map([
    ['kafka', { port: 9092, targetPort: Number(kafka.bootstrap[0]?.split(':')[1]) }],
    ['registry', { port: 8081, targetPort: Number(port) }],
    ['redis-model', { port: 6379, targetPort: model.port }],
    ['redis-cache', { port: 6379, targetPort: cached.port }],
  ])
  return {
    services: (namespace) => {
      const items = [...ports].flatMap(([name, each]) => serviceOf({ name, namespace }, each, address))
      return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
    },
    registryPath: pathname,
    stop: async () => {
      await Promise.all([kafka, registry, model, cached].map((engine) => engine.stop()))
    },
  }
}

/** A Service whose endpoints are told, for what runs outside of the cluster. */
function serviceOf(metadata: { name: string; namespace: string }, { port, targetPort }: Port, address: string) {
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port, targetPort }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address] }],
      ports: [{ port: targetPort, protocol: 'TCP', name: '' }],
    },
  ]
}
