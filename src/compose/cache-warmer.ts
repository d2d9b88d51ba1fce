/** The manual's interface on the deployment that the settings name. */

import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { sha256Hex } from '../adapters/digest.ts'
import { settingsFrom } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import { needStrategy } from '../config/strategies.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { Origin } from '../ports/origin.ts'
import { createAccessPublisher } from '../sdk/access-publisher.ts'
import { createCachedReader } from '../sdk/cached-reader.ts'
import { CacheWarmer } from '../sdk/manual/cache-warmer.ts'
import { modelReader, type Parts, runReader } from './parts.ts'
import { createRunHost, type RunHost } from './run-host.ts'
import { openParts } from './tools.ts'

export type CacheWarmerOptions = {
  /** Name of the workspace whose cache is warmed. */
  readonly workspace: string
  /** Its folder; without, the origin that the settings have for the workspace. */
  readonly directory?: string
  /** Layers that are warmed where a strategy names none; `content` unless told. */
  readonly layers?: readonly string[]
  /** Name under which accesses are learned. */
  readonly analyzer?: string
  readonly revision?: string | null
  /**
   * Settings as the settings file has them. Without, an embedded deployment on `.forewarm/forewarm.sqlite` in the
   * folder.
   */
  readonly settings?: Readonly<Record<string, unknown>>
}

export type OpenCacheWarmer = CacheWarmer & { close(): Promise<void> }

/**
 * Opens a cache warmer. Embedded, the stages run inside this program until `close`, unless a `forewarm up` works on the
 * same file. Rejects with FW_CONFIG_INVALID, or when an engine cannot be reached.
 */
export async function createCacheWarmer(options: CacheWarmerOptions): Promise<OpenCacheWarmer> {
  const settings = settingsOf(options)
  const { parts, close: closeParts } = await openParts(settings)
  try {
    const host = createRunHost(parts)
    await host.ensure()
    const { publisher, warmer } = warmerOn(parts, host, options)
    const close = async () => {
      await publisher.close()
      await host.stop()
      await closeParts()
    }
    return Object.assign(warmer, { close })
  } catch (cause) {
    await closeParts()
    throw cause
  }
}

function warmerOn(
  parts: Parts,
  { ensure }: Pick<RunHost, 'ensure'>,
  { workspace, layers = ['content'], analyzer = 'cache-warmer', revision = null }: CacheWarmerOptions,
) {
  const { settings, engines, telemetry, logger } = parts
  const { clock, log, codec } = engines
  const newId = randomUUID
  const publisher = createAccessPublisher(
    { log, codec, clock, telemetry, logger, newId, random: Math.random },
    { workspace, shards: settings.model.limits.shards },
  )
  const origin = parts.origins(workspace) ?? noOrigin(workspace)
  const cache = engines.cache()
  const reader = createCachedReader(
    { cache, publisher, origin, clock, telemetry, logger, sha256Hex, newId, layers: parts.layers },
    { workspace, fileBytesMax: settings.cache.valueBytesMax },
  )
  const versionOf = (path: string) => versionNow(origin, path, settings.cache.valueBytesMax)
  const models = modelReader(parts)
  const runs = runReader(parts)
  const strategyNamed = (name: string) => {
    const found = needStrategy(settings, name, availableParallelism())
    return (settings.strategies.get(name)?.layers ?? null) === null ? { ...found, layers } : found
  }
  const warmer = new CacheWarmer(
    {
      ...{ log, codec, clock, runs, models, cache, reader, publisher, strategyNamed, sha256Hex, newId },
      ensure,
      versionOf,
    },
    { workspace, layers, analyzer, revision },
  )
  return { publisher, warmer }
}

/**
 * A folder tells a version only of files that were read before: others are read, so that what is cached of them is
 * found.
 */
async function versionNow(origin: Origin, path: string, bytesMax: number): Promise<string | null> {
  const { signal } = new AbortController()
  const known = await origin.version(path, signal)
  if (known !== null) return known
  const read = await origin.read(path, { bytesMax, signal })
  return read.outcome === 'read' ? read.file.version : null
}

/** JSON is YAML: the same reader, checks and messages as for the file. */
function settingsOf({ settings, workspace, directory }: CacheWarmerOptions): Settings {
  const embedded =
    directory === undefined ? {} : { embedded: { file: join(directory, '.forewarm', 'forewarm.sqlite') } }
  const given: Readonly<Record<string, unknown>> = settings ?? embedded
  const named = { ...(given['workspaces'] as object | undefined) }
  const workspaces =
    directory === undefined ? named : { ...named, [workspace]: { origin: { directory: resolve(directory) } } }
  return settingsFrom({ file: { name: 'settings', text: JSON.stringify({ ...given, workspaces }) } })
}

function noOrigin(workspace: string): never {
  const mend = 'give its directory, or name its origin in the settings'
  throw new ForewarmError('FW_CONFIG_INVALID', `the workspace ${JSON.stringify(workspace)} has no origin: ${mend}`)
}
