/** A gateway's HTTP server over memory, and a client of it. */
import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { digestHex as digest, sha256Hex } from '../../src/adapters/digest.ts'
import { type GatewayServerOptions, type RunningGateway, serveGateway } from '../../src/adapters/http/gateway/server.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { createGateway, type GatewayDeps, type GatewayOptions } from '../../src/flows/gateway/gateway.ts'
import { WarmingEvidence } from '../../src/model/fold/evidence.ts'
import { Tallies } from '../../src/model/fold/tallies.ts'
import { prove } from '../../src/model/proof.ts'
import { CONTENT_LAYER, layersOf } from '../../src/ports/layer.ts'
import type { FileEvidence } from '../../src/ports/model-reader.ts'
import type { Log } from '../../src/ports/telemetry.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { gatewayRuns } from './gateway-runs.ts'

/** What is known of the workspace `acme/web`. */
export const learned = (() => {
  const tallies = new Tallies()
  for (const verdict of ['hit', 'hit', 'hit', 'wasted'] as const) tallies.count('profile', 'warmed', verdict)
  const treated = { hit: 4, warmHit: 2, miss: 4, stale: 0 }
  const warming = new WarmingEvidence()
  for (let at = 0; at < 10; at += 1) warming.read('treated', at, at < 6)
  for (let at = 0; at < 120; at += 1) warming.settle(1_000, at < 60 ? 'hit' : 'wasted')
  return {
    accesses: 10,
    files: 3,
    closedSessions: 1,
    proof: prove({ tallies, treated, warming }),
  }
})()

/** What is known of the one file of it that was read. */
export const evidence: FileEvidence = {
  path: 'src/a.ts',
  frequency: 3,
  lastAccessMs: 30,
  accessTimes: [10, 20, 30],
  coAccess: [{ path: 'src/b.ts', count: 2 }],
  successors: [],
  hoursOfDay: new Map([[0, 3]]),
  hoursOfWeek: new Map([[72, 3]]),
}

export const models: GatewayDeps['models'] = {
  file: async (workspace, path) => (workspace === 'acme/web' && path === evidence.path ? evidence : null),
  profile: async () => null,
  sequences: async () => [],
  closedSessions: async () => [],
  learned: async (workspace) => (workspace === 'acme/web' ? learned : null),
  files: async function* () {},
  shardKeys: async () => ['acme/web#0'],
}

/** Where the routes of that workspace begin. */
export const web = '/v1/workspaces/acme%2Fweb'

/** A body that its publishers may send. */
export const accesses = {
  session: 's1',
  analyzer: 'eslint',
  publisher: 'p1',
  sequence: 0,
  accesses: [
    { path: 'src/a.ts', timeMs: 1_000 },
    { path: 'src/b.ts', timeMs: 1_001, outcome: 'miss' },
  ],
}

export type GatewaySetup = {
  server?: Partial<GatewayServerOptions>
  limits?: Partial<GatewayOptions>
  deps?: Partial<GatewayDeps>
  log?: Log
}

/** Open to all on this machine, with bounds that tests reach soon. */
export const SERVER: GatewayServerOptions = {
  host: '127.0.0.1',
  port: 0,
  tokens: new Map(),
  tls: null,
  oidc: null,
  bodyBytesMax: 50_000,
  valueBytesMax: 10_000,
  batchMax: 10,
  requestsPerMinute: 1_000,
  connectionsMax: 100,
  requestTimeoutMs: 2_000,
  idleTimeoutMs: 2_000,
  pageFolder: null,
}

/** A gateway on memory, with what the test sets instead; it ends with the test. */
export async function startGateway({
  server = {},
  limits = {},
  deps = {},
  log: logger = SILENT_LOG,
}: GatewaySetup = {}) {
  const log = createMemoryEventLog({ partitions: 2 })
  const clock = createSystemClock()
  const cache = createMemoryCache({
    clock,
    bytesMax: 1_000_000,
  })
  const codec = createEmbeddedCodec()
  const telemetry = createMemoryTelemetry()
  const { store: _, ...known } = gatewayRuns(settingsFrom({}))
  const operations = createGateway(
    {
      log,
      cache,
      codec,
      clock,
      telemetry,
      sha256Hex,
      blobId,
      digest,
      layers: layersOf([CONTENT_LAYER]),
      newId: randomUUID,
      models,
      ...known,
      accuracyTarget: (workspace) => (workspace === 'acme/web' ? 0.7 : 0.1),
      configured: [],
      modelsHealthy: async () => true,
      ...deps,
    },
    { appender: { pendingBytesMax: 100_000, timeoutMs: 300 }, valueBytesMax: 10_000, shards: 1, ...limits },
  )
  const gateway = await serveGateway(
    { operations, telemetry, log: logger, live: () => ({ alive: true }), version: '0.0.0' },
    { ...SERVER, ...server },
  )
  onTestFinished(async () => {
    for (const one of [gateway, log, cache]) await one.close()
  })
  return { gateway, log, cache, codec, telemetry, call: caller(gateway) }
}

type Call = { readonly body?: unknown; readonly type?: string; readonly token?: string }

export type GatewayAnswer = {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  readonly bytes: Uint8Array
  /** Null where the answer is no JSON. */
  readonly json: ReturnType<typeof JSON.parse>
}

const caller =
  ({ url }: RunningGateway) =>
  async (method: string, path: string, options: Call = {}): Promise<GatewayAnswer> => {
    const { body, type = 'application/json', token } = options
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined
        ? {}
        : ({ body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) } as object)),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      json: (response.headers.get('content-type') ?? '').includes('json') ? JSON.parse(text) : null,
    }
  }
