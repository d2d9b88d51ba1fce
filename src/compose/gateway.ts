/** The stage that serves HTTP. */

import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { digestHex, sha256Hex } from '../adapters/digest.ts'
import { serveGateway } from '../adapters/http/gateway/server.ts'
import { blobId } from '../adapters/origins/blob-id.ts'
import type { Settings } from '../config/schema.ts'
import { strategyOf, unknownStrategy } from '../config/strategies.ts'
import { createGateway, type GatewayDeps } from '../flows/gateway/gateway.ts'
import { gatewayOidc, gatewayTls } from './gateway-callers.ts'
import { followTokens } from './gateway-tokens.ts'
import { accuracyTargetOf } from './ingest.ts'
import { pageFolder } from './page.ts'
import { modelReader, type Parts, runReader } from './parts.ts'
import type { Stage } from './stage.ts'
import { openSwitches } from './switches.ts'
import { packageVersion } from './version.ts'

/** The strategies that clients can ask for, and those that follow from events. */
function strategiesOf(settings: Settings): Pick<GatewayDeps, 'strategy' | 'triggered'> {
  const find = strategyOf(settings, availableParallelism())
  return {
    strategy: (name, stated) => {
      const found = find(name, stated)
      if (found === null) throw unknownStrategy(settings, name)
      return found
    },
    triggered: (workspace, kind) => {
      const of = settings.workspaces.get(workspace)
      return (kind === 'push' ? of?.onPush : of?.onCheckout) ?? null
    },
  }
}

const ALONE: Companions = { stages: [], explain: undefined }

/** The other stages of the same process, if there are some: what they lack is lacking here, and what predict knows. */
export type Companions = { readonly stages: readonly Stage[]; readonly explain: GatewayDeps['explain'] }

/** What the gateway's operations use, but for the switches and what other stages know. */
async function gatewayDeps(parts: Parts): Promise<Omit<GatewayDeps, 'switches' | 'explain'>> {
  const { settings, engines, telemetry } = parts
  const { clock, log, codec } = engines
  const store = engines.store()
  return {
    ...{ log, codec, clock, telemetry, sha256Hex, blobId, digest: digestHex },
    cache: engines.cache(),
    layers: await parts.layers(),
    newId: randomUUID,
    models: modelReader(parts),
    runs: runReader(parts),
    ...strategiesOf(settings),
    accuracyTarget: accuracyTargetOf(settings),
    configured: [...settings.workspaces.keys()],
    modelsHealthy: () => store.healthy(),
  }
}

/** Serves HTTP until it is stopped; rejects where the address is taken or a certificate is not to be read. */
export async function startGateway(parts: Parts, { stages, explain }: Companions = ALONE): Promise<Stage> {
  const { settings, heartbeat, telemetry, logger } = parts
  const { switches, keepFresh } = openSwitches(parts)
  const { pendingBytesMax, appendTimeoutMs, tokensFile: _, tls, oidc, ...server } = settings.gateway
  const { valueBytesMax } = settings.cache
  const operations = createGateway(
    { ...(await gatewayDeps(parts)), switches, ...(explain === undefined ? {} : { explain }) },
    {
      appender: { pendingBytesMax, timeoutMs: appendTimeoutMs },
      valueBytesMax,
      shards: settings.model.limits.shards,
    },
  )
  const missing = async () =>
    (await Promise.all([operations.missing(), ...stages.map((stage) => stage.missing())])).flat()
  const live = () => heartbeat.state()
  const followed = followTokens(settings.gateway, logger)
  const running = await serveGateway(
    { operations: { ...operations, missing }, telemetry, log: logger, live, version: packageVersion() },
    {
      ...{ ...server, tokens: followed.tokens, valueBytesMax, pageFolder: pageFolder() },
      ...{ tls: gatewayTls(tls), oidc: gatewayOidc(oidc) },
    },
  )
  logger.info({ url: running.url }, 'the gateway listens')
  return keepFresh({
    name: 'gateway',
    url: running.url,
    failed: new Promise<never>(() => {}),
    missing,
    stop: () => {
      followed.stop()
      return running.close()
    },
  })
}
