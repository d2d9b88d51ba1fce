/** The engines that a deployment runs on. Everything above gets them through ports and does not know which they are. */
import type { Settings } from '../config/schema.ts'
import type { Cache } from '../ports/cache.ts'
import type { Clock } from '../ports/clock.ts'
import type { Codec } from '../ports/codec.ts'
import type { EventLog } from '../ports/event-log.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { Log, Telemetry } from '../ports/telemetry.ts'
import { openDistributed } from './distributed.ts'
import { openEmbedded } from './embedded.ts'

export type Engines = {
  readonly clock: Clock
  readonly log: EventLog
  readonly codec: Codec
  /** The model store; connected at the first call, so that a process without it needs no address of it. */
  store(): ModelStore
  /** The cache; connected at the first call. */
  cache(): Cache
  /** Closes what was opened. */
  close(): Promise<void>
}

/** What every part reports through. */
export type Reporting = { readonly logger: Log; readonly telemetry: Telemetry }

/** Opens the engines of the deployment that the settings name. */
export const openEngines = (settings: Settings, reporting: Reporting): Engines =>
  settings.mode === 'embedded' ? openEmbedded(settings, reporting) : openDistributed(settings, reporting)
