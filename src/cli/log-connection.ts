import type { Clock } from '../ports/clock.ts'
import type { Codec } from '../ports/codec.ts'
import type { EventLog } from '../ports/event-log.ts'
import type { Log, Telemetry } from '../ports/telemetry.ts'

/** What a command that publishes accesses gets: the deployment's log, and how its records look. */
export type LogConnection = {
  readonly log: EventLog
  readonly codec: Codec
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly logger: Log
  /** Shards of one workspace. */
  readonly shards: number
  close(): Promise<void>
}

/** Connects to the log that the settings name; called only by those who publish. */
export type ConnectLog = () => Promise<LogConnection>
