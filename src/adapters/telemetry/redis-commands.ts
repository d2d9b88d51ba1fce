import { tracingChannel } from 'node:diagnostics_channel'
import type { Telemetry } from '../../ports/telemetry.ts'

/** What ioredis publishes of a command; it says more, and none of that is used: arguments hold keys and values. */
type Command = { readonly command: string; readonly error?: unknown }

/**
 * Measures every command that any ioredis client of this process sends, through the tracing channel that ioredis
 * publishes; nothing is patched. Returns what ends it.
 */
export function measureRedisCommands(telemetry: Pick<Telemetry, 'measure'>): () => void {
  const starts = new WeakMap<object, number>()
  const handlers = {
    start: (message: object) => void starts.set(message, performance.now()),
    end: () => {},
    asyncStart: () => {},
    asyncEnd: (message: object) => {
      const startMs = starts.get(message)
      if (startMs === undefined || !isCommand(message)) return
      const error = message.error === undefined ? {} : { 'error.type': errorType(message.error) }
      telemetry.measure('db.client.operation.duration', (performance.now() - startMs) / 1_000, {
        'db.system.name': 'redis',
        'db.operation.name': message.command.toUpperCase(),
        ...error,
      })
    },
    error: () => {},
  }
  const channel = tracingChannel<unknown, object>('ioredis:command')
  channel.subscribe(handlers)
  return () => void channel.unsubscribe(handlers)
}

const isCommand = (message: object): message is Command => 'command' in message && typeof message.command === 'string'

/** The prefix of Redis' reply (`OOM`, `NOSCRIPT`), as the conventions want it, else the error's class. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER'
  return /^([A-Z]{2,}) /.exec(error.message)?.[1] ?? error.name
}
