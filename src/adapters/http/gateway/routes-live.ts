/** Routes of the live page's data: the workspaces that a token may read, and one stream of what is going on in each. */
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { Type } from 'typebox'
import { ForewarmError } from '../../../ports/errors.ts'
import type { GatewayOperations } from '../../../ports/gateway.ts'
import { answers } from './answers.ts'
import { workspaceParams } from './schemas.ts'
import { type GatewayServer, WORKSPACE } from './server-type.ts'
import { mayRead } from './tokens.ts'

/** Time between two looks, milliseconds. */
const EVERY_MS = 1_000

/** A stream with nothing new says so after this, so that nobody on the way takes it for dead. */
const SILENT_MS = 10_000

/** A client that takes nothing for so long has gone, or sleeps: its connection is for others. */
const STUCK_MS = 6 * SILENT_MS

/** Runs that are told; the others are at GET .../runs. */
const RUNS_TOLD = 20

/** `streamsMax` are the streams that one caller may have open: they hold connections that others need. */
export function addLive(server: GatewayServer, operations: GatewayOperations, streamsMax: number): void {
  const closing = new AbortController()
  const open = new OpenStreams(streamsMax)
  server.addHook('preClose', async () => closing.abort())
  server.get(
    '/v1/workspaces',
    {
      config: { verb: 'read', isOfAll: true },
      schema: {
        summary: 'Workspaces that may be read',
        response: answers({ 200: Type.Object({ workspaces: Type.Array(Type.String()) }) }),
      },
    },
    async ({ principal }) => {
      const workspaces = await operations.workspaces()
      return { workspaces: workspaces.filter((workspace) => mayRead(principal, workspace)) }
    },
  )
  server.get(
    `${WORKSPACE}/live`,
    {
      config: { verb: 'read' },
      schema: {
        summary: 'What is going on, as server-sent events',
        description:
          'Events `status`, `runs` and `live`, each with JSON as its data, each when it has changed. Ends within seconds of the token.',
        params: workspaceParams,
      },
    },
    (request, reply) => {
      open.add(request.rateKey, reply.raw)
      // What the stream says, and the client takes, keeps the connection open, not what the client sends.
      request.raw.socket.setTimeout(STUCK_MS)
      const stillMay = () => request.stillMay()
      const events = eventsOf(operations, { ...request.params, stillMay, signal: closing.signal })
      reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store')
      return reply.header('x-accel-buffering', 'no').send(Readable.from(events))
    },
  )
}

/** Counts the streams of each caller. */
class OpenStreams {
  readonly #max: number
  readonly #counts = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** Throws FW_OVERLOADED where the caller has as many as it may. */
  add(caller: string, stream: ServerResponse): void {
    const count = this.#counts.get(caller) ?? 0
    if (count >= this.#max) throw new ForewarmError('FW_OVERLOADED', `${count} streams are open: close one of them`)
    this.#counts.set(caller, count + 1)
    stream.once('close', () => this.#leave(caller))
  }

  #leave(caller: string): void {
    const left = (this.#counts.get(caller) ?? 0) - 1
    if (left > 0) this.#counts.set(caller, left)
    else this.#counts.delete(caller)
  }
}

type Streaming = {
  readonly workspace: string
  /** Whether the token that began the stream would still begin it. */
  readonly stillMay: () => Promise<boolean>
  readonly signal: AbortSignal
}

/** Asks only as fast as the client reads. */
async function* eventsOf(operations: GatewayOperations, { workspace, stillMay, signal }: Streaming) {
  const sent = new Map<string, string>()
  let silentMs = 0
  while (!signal.aborted && (await stillMay())) {
    const parts = await partsOf(operations, workspace)
    const changed = [...parts].filter(([name, data]) => sent.get(name) !== data)
    for (const [name, data] of changed) {
      sent.set(name, data)
      yield `event: ${name}\ndata: ${data}\n\n`
    }
    silentMs = changed.length > 0 ? 0 : silentMs + EVERY_MS
    if (silentMs >= SILENT_MS) {
      silentMs = 0
      yield ': nothing new\n\n'
    }
    await delay(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

async function partsOf(operations: GatewayOperations, workspace: string): Promise<ReadonlyMap<string, string>> {
  try {
    const [status, runs, live] = await Promise.all([
      operations.status(workspace),
      operations.runs(workspace),
      operations.live(workspace),
    ])
    const told = { status, runs: runs.slice(0, RUNS_TOLD), live, trouble: null }
    return new Map(Object.entries(told).map(([name, value]) => [name, JSON.stringify(value)]))
  } catch (cause) {
    if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
    return new Map([['trouble', JSON.stringify({ code: cause.code, message: cause.message })]])
  }
}
