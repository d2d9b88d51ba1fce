/** What an analyzer's process gets: one publisher and one cached reader on the deployment that the settings name. */

import { randomUUID } from 'node:crypto'
import { sha256Hex } from '../adapters/digest.ts'
import { createMemoryNotes } from '../adapters/memory/notes.ts'
import { createDirectoryOrigin } from '../adapters/origins/directory.ts'
import { createLoaderOrigin, type LoadFile } from '../adapters/origins/loader.ts'
import { createSystemClock } from '../adapters/system/clock.ts'
import { loadSettings, settingsFrom } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { LayerProducer } from '../ports/layer.ts'
import type { Log } from '../ports/telemetry.ts'
import { type AccessPublisher, createAccessPublisher, type PublisherOptions } from '../sdk/access-publisher.ts'
import { type CachedReader, type CachedReaderDependencies, createCachedReader } from '../sdk/cached-reader.ts'
import { nameProblem } from '../wire/checks.ts'
import { WORKSPACE_LENGTH_MAX } from '../wire/limits.ts'
import { openEngines } from './engines.ts'
import { openLayers } from './layers.ts'
import { openReporting } from './reporting.ts'

export type ForewarmOptions = {
  /** The workspace whose files are read. */
  readonly workspace: string
  /** Where the true files are: a folder, a function that loads one, or an origin of your own. */
  readonly origin: string | LoadFile | CachedReaderDependencies['origin']
  /** Settings as the settings file has them; without, that file and the environment of this process. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Settings file to read; FOREWARM_CONFIG's unless told. */
  readonly settingsFile?: string
  /** Layers of the fleet's own, made in this process; those of `warm.plugins` are known without it. */
  readonly layers?: readonly LayerProducer[]
  readonly publisher?: Omit<PublisherOptions, 'workspace' | 'shards'>
  /** Where warnings go (an engine that is away, accesses that wait); nowhere unless told: the output is the caller's. */
  readonly logger?: Log
}

export type Forewarm = {
  readonly publisher: AccessPublisher
  readonly reader: CachedReader
  /** Publishes what waits, at most for `deadlineMs` (5 s unless told), and disconnects. */
  close(deadlineMs?: number): Promise<void>
}

/**
 * Connects at the first use; neither a log nor a cache that is away disturbs the caller. Rejects with
 * FW_CONFIG_INVALID, and with FW_REQUEST_INVALID for a workspace that no record could name.
 */
export async function openForewarm(options: ForewarmOptions): Promise<Forewarm> {
  const settings = settingsOf(options)
  const { workspace } = options
  const problem = nameProblem('workspace', workspace, { lengthMax: WORKSPACE_LENGTH_MAX })
  if (problem !== null) throw new ForewarmError('FW_REQUEST_INVALID', `${problem}: name the one whose files are read`)
  // Fingerprints are made by workers: here nothing follows imports, or keeps what it finds.
  const parts = { settings, clock: createSystemClock(), origins: () => null, notes: createMemoryNotes }
  const opening = openLayers(parts, options.layers)
  if (settings.warm.plugins.length > 0) await opening.layers()
  // Metrics are not served from an analyzer's process: several on one machine would fight for the port.
  const telemetry = { ...settings.telemetry, prometheus: { ...settings.telemetry.prometheus, enabled: false } }
  const opened = await openReporting({ ...settings, telemetry, log: { level: 'error' } }, 'library')
  const reporting = { ...opened, logger: options.logger ?? opened.logger }
  const engines = openEngines(settings, reporting)
  const { clock, log, codec } = engines
  const newId = randomUUID
  const publisher = createAccessPublisher(
    { log, codec, clock, ...reporting, newId, random: Math.random },
    { ...options.publisher, workspace, shards: settings.model.limits.shards },
  )
  const origin = originOf(options.origin)
  const reader = createCachedReader(
    { cache: engines.cache(), publisher, origin, clock, ...reporting, sha256Hex, newId, layers: opening.layers },
    { workspace, fileBytesMax: settings.cache.valueBytesMax },
  )
  const close = async (deadlineMs?: number) => {
    await publisher.close(deadlineMs)
    await engines.close()
    await opening.close()
    await reporting.flush()
  }
  return { publisher, reader, close }
}

function settingsOf({ settings, settingsFile }: ForewarmOptions): Settings {
  if (settings === undefined) return loadSettings(settingsFile)
  // JSON is YAML: the same reader, checks and messages as for the file.
  return settingsFrom({ file: { name: 'settings', text: JSON.stringify(settings) } })
}

function originOf(origin: ForewarmOptions['origin']): CachedReaderDependencies['origin'] {
  if (typeof origin === 'string') return createDirectoryOrigin(origin)
  return typeof origin === 'function' ? createLoaderOrigin(origin) : origin
}
