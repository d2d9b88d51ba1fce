import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis'
import { type Secret, secretNow } from '../secret.ts'
import { type RedisRole, redisError } from './errors.ts'

/** How to reach one Redis role (models or cache); the two roles have their own. */
export type RedisSettings = {
  /**
   * `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS. One for a single server; with `cluster` any
   * nodes of it, of which the first gives user and password for all.
   */
  readonly urls: readonly string[]
  readonly cluster: boolean
  /** User and password of an ACL, if they are not in the URL. */
  readonly username?: string
  readonly password?: Secret
  /** Authorities, client certificate and such. Given, or with `rediss://`, the connection is encrypted. */
  readonly tls?: ConnectionOptions
  /** A command without an answer for so long is given up; default 5 s. */
  readonly commandTimeoutMs?: number
  /** Told of every connection error; reconnecting goes on by itself. */
  readonly onConnectionError?: (error: Error) => void
}

/** A live client of one role, and how to call it. */
export type RedisConnection = {
  readonly client: Redis | Cluster
  /** Runs calls on the client under the deadline; what they reject with becomes an error of the project. */
  run<Result>(calls: () => Promise<Result>): Promise<Result>
  /** The nodes that hold data: the one server, or all masters of the cluster. */
  masters(): Promise<readonly Redis[]>
  /** The one server, or all nodes of the cluster with the replicas, which may be masters tomorrow. */
  nodes(): Promise<readonly Redis[]>
  /** Whether every master answers now. */
  healthy(): Promise<boolean>
  close(): Promise<void>
}

const COMMAND_TIMEOUT_MS = 5_000
const RECONNECT_DELAY_MS_MAX = 2_000
/** Reconnects after which a waiting command fails: its caller has a better plan than to wait on. */
const RECONNECTS_PER_COMMAND = 5
const CLOSE_MS_MAX = 2_000
const CONNECTED = new Set(['connecting', 'connect', 'ready'])
const DEFAULT_PORT = 6_379

/** The one place that makes Redis clients. Returns at once; the first call waits for the connection. */
export function openRedis(settings: RedisSettings, role: RedisRole): RedisConnection {
  const timeoutMs = settings.commandTimeoutMs ?? COMMAND_TIMEOUT_MS
  const urls = settings.urls.map((url) => new URL(url))
  // Never the whole URL: it may hold the password.
  const where = urls.map((url) => url.host).join(', ')
  const client = makeClient(settings, urls, timeoutMs)
  let lastError: Error | null = null
  let wasReady = false
  const noteError = (error: Error): void => {
    lastError = error
    settings.onConnectionError?.(error)
  }
  client.on('error', noteError)
  client.on('node error', noteError)
  client.on('ready', () => {
    lastError = null
    wasReady = true
  })

  const run = async <Result>(calls: () => Promise<Result>): Promise<Result> => {
    try {
      return await withDeadline(calls(), timeoutMs)
    } catch (error) {
      throw redisError(error, { role, where, connectionError: lastError, wasReady })
    }
  }
  const listNodes = async (of: 'master' | 'all'): Promise<readonly Redis[]> => {
    if (client instanceof Redis) return [client]
    // A cluster client knows its nodes only once it is ready, which any answer proves.
    await run(() => client.ping())
    if (of === 'all') await run(() => refreshNodes(client))
    return client.nodes(of)
  }
  return {
    client,
    run,
    masters: () => listNodes('master'),
    nodes: () => listNodes('all'),
    healthy: async () => {
      try {
        await run(async () => Promise.all((await listNodes('master')).map((node) => node.ping())))
        return true
      } catch {
        return false
      }
    },
    close: () => closeClient(client),
  }
}

function makeClient(settings: RedisSettings, urls: readonly URL[], timeoutMs: number): Redis | Cluster {
  const [first] = urls
  if (first === undefined) throw new RangeError('no URL of a Redis server was given')
  const isEncrypted = first.protocol === 'rediss:' || settings.tls !== undefined
  const options = {
    ...credentials(settings, first),
    ...(isEncrypted ? { tls: settings.tls ?? {} } : {}),
    connectionName: 'forewarm',
    // A user with the rights that its role needs may not tell the name of a library.
    disableClientInfo: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // Without it a node that went away without a word holds commands until the kernel gives up, many minutes later.
    socketTimeout: timeoutMs,
    maxRetriesPerRequest: RECONNECTS_PER_COMMAND,
    // A server that was degraded to a replica: look for the master anew.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies CommonRedisOptions & { tls?: ConnectionOptions }
  if (!settings.cluster) {
    const database = first.pathname.slice(1)
    const db = database === '' ? 0 : Number(database)
    const client = new Redis({ ...addressOf(first), ...options, db, retryStrategy: reconnectDelayMs })
    followPassword(client, settings.password)
    return client
  }
  const cluster = new Cluster(urls.map(addressOf), {
    redisOptions: options,
    clusterRetryStrategy: reconnectDelayMs,
    slotsRefreshTimeout: timeoutMs,
    slotsRefreshInterval: 5_000,
    // With TLS a node is known by the name in its certificate, so names are not resolved here.
    ...(isEncrypted ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
  })
  // A node is announced before its first connection; one that was lost is made anew.
  cluster.on('+node', (node: Redis) => followPassword(node, settings.password))
  return cluster
}

/** The client reads the password from its options for each connection. */
function followPassword({ options }: Redis, password: Secret | undefined): void {
  if (typeof password === 'function') Object.defineProperty(options, 'password', { get: password, enumerable: true })
}

const addressOf = (url: URL): { host: string; port: number } => ({
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: url.port === '' ? DEFAULT_PORT : Number(url.port),
})

function credentials(settings: RedisSettings, url: URL): { username?: string; password?: string } {
  const username = settings.username ?? decodeURIComponent(url.username)
  const password = settings.password === undefined ? decodeURIComponent(url.password) : secretNow(settings.password)
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) }
}

const reconnectDelayMs = (attempt: number): number => Math.min(RECONNECT_DELAY_MS_MAX, 50 * 2 ** Math.min(attempt, 10))

/** The client's own time-out does not cover commands that wait for a cluster to become reachable. */
async function withDeadline<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Replicas that came since the last refresh are no less able to evict. */
function refreshNodes(cluster: Cluster): Promise<void> {
  return new Promise((resolve, reject) => {
    cluster.refreshSlotsCache((error) => (error ? reject(error) : resolve()))
  })
}

async function closeClient(client: Redis | Cluster): Promise<void> {
  // Between two attempts to connect there is nothing to end, and the client says nothing.
  if (!CONNECTED.has(client.status)) return client.disconnect()
  // Errors on the way there are told to whoever listens, and do not matter any more.
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()))
  client.disconnect()
  await Promise.race([ended, delay(CLOSE_MS_MAX, undefined, { ref: false })])
}
