/** Settings to a running process: reporting, engines, health server, stages, and their end in the right order. */
import { serveHealth } from '../adapters/http/health-server.ts'
import type { Settings } from '../config/schema.ts'
import { Heartbeat } from '../heartbeat.ts'
import { ForewarmError } from '../ports/errors.ts'
import { type Running, runProcess } from '../process.ts'
import { type Engines, openEngines } from './engines.ts'
import type { Companions } from './gateway.ts'
import { startIngest } from './ingest.ts'
import { openLayers } from './layers.ts'
import { openOrigins } from './origins.ts'
import type { Parts } from './parts.ts'
import { startPredict } from './predict.ts'
import { type LogDestination, openReporting, type ProcessReporting } from './reporting.ts'
import { anyFailed, type Stage } from './stage.ts'
import { startStages } from './stages.ts'
import { lockUp } from './up-lock.ts'
import { startPointers, startWarm } from './warm.ts'

export type ProcessName = 'ingest' | 'predict' | 'warm' | 'gateway' | 'up'

/** Pause before a start whose engines were away is tried again. */
const START_AGAIN_MS = 2_000

type Starter = (parts: Parts) => Promise<readonly Stage[]>

const STARTERS: Readonly<Record<ProcessName, Starter>> = {
  ingest: async (parts) => [await startIngest(parts)],
  predict: async (parts) => [await startPredict(parts)],
  warm: async (parts) => [await startWarm(parts), await startPointers(parts)],
  gateway: async (parts) => [await gatewayOf(parts)],
  up: startAll,
}

/** Runs one process until it ends; returns its exit code. `logTo` takes its log lines instead of standard error. */
export async function runNamed(name: ProcessName, settings: Settings, logTo?: LogDestination): Promise<number> {
  const reporting = await openReporting(settings, name, logTo)
  return runProcess({ log: reporting.logger, start: (signal) => startNamed(name, settings, { ...reporting, signal }) })
}

async function startNamed(
  name: ProcessName,
  settings: Settings,
  { signal, ...reporting }: ProcessReporting & { readonly signal: AbortSignal },
): Promise<Running> {
  const closers: (() => unknown)[] = [() => reporting.flush()]
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const engines = openEngines(withMode(name, settings), reporting)
    closers.push(() => engines.close())
    const { origins, close } = openOrigins(settings, { ...reporting, notes: () => engines.store().notes })
    closers.push(close)
    const { clock, store } = engines
    const { graphs, layers, close: closeLayers } = openLayers({ settings, clock, origins, notes: () => store().notes })
    closers.push(closeLayers)
    const parts = {
      ...reporting,
      settings,
      engines,
      origins,
      graphs,
      layers,
      heartbeat: heartbeatOf(settings, engines),
    }
    const stages: Stage[] = []
    const health = await startHealth(parts, stages)
    closers.push(() => health.close())
    const workspaces = [...settings.workspaces.keys()]
    const lock = name === 'up' ? lockUp(settings.embedded.file, workspaces) : null
    closers.push(() => lock?.release())
    stages.push(...(await startPatiently(STARTERS[name], parts, signal)))
    lock?.announce(stages.find(({ url }) => url !== undefined)?.url ?? null)
    const what = { stages: stages.map((stage) => stage.name).join(', ') }
    reporting.logger.info(name === 'up' ? { ...what, workspaces: workspaces.join(', ') } : what, 'running')
    return {
      ended: anyFailed(stages),
      stop: async () => {
        await Promise.all(stages.map((stage) => stage.stop()))
        await closeAll()
      },
      abandon: async () => {
        await Promise.all(stages.map((stage) => stage.abandon?.()))
      },
    }
  } catch (cause) {
    await closeAll()
    throw cause
  }
}

/** Waits for engines that are away, alive but not ready, until they are there or the process is to stop. */
async function startPatiently(start: Starter, parts: Parts, signal: AbortSignal): Promise<readonly Stage[]> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  for (;;) {
    try {
      return await Promise.race([start(parts), stopped])
    } catch (cause) {
      if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
      parts.logger.warn({ code: cause.code, waitMs: START_AGAIN_MS }, `${cause.message}: trying again`)
      await parts.engines.clock.sleep(START_AGAIN_MS, signal)
    }
  }
}

/** `up` is embedded whatever the mode; the others are the processes of a distributed deployment. */
function withMode(name: ProcessName, settings: Settings): Settings {
  if (name === 'up') return { ...settings, mode: 'embedded' }
  if (settings.mode === 'distributed') return settings
  const mend = `set mode to distributed (FOREWARM_MODE=distributed), or run everything embedded with \`forewarm up\``
  throw new ForewarmError('FW_CONFIG_INVALID', `${name} is a process of a distributed deployment: ${mend}`)
}

const heartbeatOf = ({ health }: Settings, { clock }: Engines): Heartbeat =>
  new Heartbeat(health.stallMs, () => clock.monotonicMs())

async function startHealth({ settings, heartbeat, logger }: Parts, stages: readonly Stage[]) {
  const server = await serveHealth(settings.health, {
    live: () => heartbeat.state(),
    ready: async () => {
      if (stages.length === 0) return { ready: false, missing: ['the process has not started yet'] }
      // A gateway beside other stages tells what they lack, too.
      const missing = [...new Set((await Promise.all(stages.map((stage) => stage.missing()))).flat())]
      return { ready: missing.length === 0, missing }
    },
  })
  logger.info({ host: settings.health.host, port: server.port }, 'the health server listens')
  return server
}

/** All stages in this process. The gateway comes last: what it accepts is handled at once. */
async function startAll(parts: Parts): Promise<readonly Stage[]> {
  const { stages, explain } = await startStages(parts)
  const gateway = await gatewayOf(parts, { stages, explain })
  return [gateway, ...stages]
}

/** The libraries that serve HTTP are loaded by those alone who do: they are a fifth of what every command would load. */
async function gatewayOf(parts: Parts, companions?: Companions): Promise<Stage> {
  const { startGateway } = await import('./gateway.ts')
  return startGateway(parts, companions)
}
