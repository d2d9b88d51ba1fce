import { OBSERVED_AT_HEADER } from '../../../src/flows/headers.ts'
import { OBSERVED_TO_HEADER } from '../../../src/flows/predict/issuer.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Codec } from '../../../src/ports/codec.ts'
import type { EventLog, LogConsumer, LogRecord } from '../../../src/ports/event-log.ts'
import type { WarmCommand } from '../../../src/warming/command.ts'
import { eventually } from '../eventually.ts'

/** A command as it came from the log. Times are milliseconds since the Unix epoch. */
export type ReceivedCommand = {
  readonly command: WarmCommand
  /** Event time of the first access that led to it; null for the clock's. */
  readonly observedAtMs: number | null
  /** Event time of the latest access that its predictor had seen. */
  readonly observedToMs: number
  readonly receivedAtMs: number
}

export type CommandEngines = { readonly log: EventLog; readonly codec: Codec; readonly clock: Clock }

/** Takes predicted commands from the log in the place of the workers. Resolves once it has all partitions. */
export async function followCommands(
  { log, codec, clock }: CommandEngines,
  take: (received: ReceivedCommand) => void,
): Promise<LogConsumer> {
  const receive = async (record: LogRecord): Promise<void> => {
    const decoded = await codec.decode('warm-commands', record.value)
    if (!decoded.ok) throw new Error(`a warm command cannot be read: ${decoded.reason}`)
    const observedToMs = timeIn(record, OBSERVED_TO_HEADER)
    if (observedToMs === null) throw new Error(`command ${decoded.value.id} does not say up to where was seen`)
    const observedAtMs = timeIn(record, OBSERVED_AT_HEADER)
    take({ command: decoded.value, observedAtMs, observedToMs, receivedAtMs: clock.now() })
  }
  const consumer = await log.consume(
    { group: 'warm', topics: ['warm-commands'], batchRecordsMax: 100 },
    {
      assigned: async (partitions) => partitions.map(() => 'earliest'),
      revoked: async () => {},
      batch: async ({ records, endOffset }) => {
        for (const record of records) await receive(record)
        return { next: (records.at(-1)?.offset ?? endOffset - 1) + 1 }
      },
    },
  )
  const partitions = await log.partitions('warm-commands')
  await eventually(
    () => consumer.assignment().length,
    (held) => held === partitions,
    { what: 'all command partitions', withinMs: 60_000 },
  )
  return consumer
}

function timeIn(record: LogRecord, header: string): number | null {
  const text = record.headers.get(header)
  return text === undefined ? null : Number(text)
}
