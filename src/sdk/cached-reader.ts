import { type Lookup, lookUp, type WantedValue } from '../flows/lookup.ts'
import { produceValue } from '../flows/produce.ts'
import type { Sha256Hex } from '../model/identity.ts'
import type { Cache } from '../ports/cache.ts'
import type { Clock } from '../ports/clock.ts'
import { type ErrorCode, ForewarmError, messageOf } from '../ports/errors.ts'
import { CONTENT_LAYER, isOfClosure, type LayerProducer, type Layers } from '../ports/layer.ts'
import type { OriginFile } from '../ports/origin.ts'
import type { Log, Telemetry } from '../ports/telemetry.ts'
import { valueKey } from '../warming/cache-key.ts'
import { INCREMENTAL } from '../warming/incremental.ts'
import type { AccessPublisher } from './access-publisher.ts'
import { findFingerprint, isUnchanged } from './fingerprints.ts'
import { OriginSnapshot, type SnapshotDependencies } from './origin-snapshot.ts'
import type { SessionName } from './session-batches.ts'

/** What a cached reader needs of the world. */
export type CachedReaderDependencies = {
  readonly cache: Pick<Cache, 'get' | 'has' | 'pointer' | 'put'>
  readonly publisher: Pick<AccessPublisher, 'record' | 'endSession'>
  /** Without `version` and `list` only fingerprints of a revision can be verified. */
  readonly origin: SnapshotDependencies['origin']
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>
  readonly telemetry: Telemetry
  readonly logger: Pick<Log, 'warn'>
  readonly sha256Hex: Sha256Hex
  readonly newId: () => string
  /** All layers; asked for at the first read of another one than `content`. */
  readonly layers: () => Promise<Layers>
}

export type CachedReaderOptions = {
  readonly workspace: string
  /** Largest file that is read, bytes; 16 MiB unless told. */
  readonly fileBytesMax?: number
  /** After a failure the cache is left alone for so long, milliseconds; 1,000 unless told. */
  readonly cacheRestMs?: number
}

export type SessionOptions = {
  readonly analyzer: string
  readonly revision?: string | null
  /** Id of the session; a random one unless told. */
  readonly id?: string
}

export type ReadOptions = {
  /** Kind of value; `content` unless told. */
  readonly layer?: string
  /** Content version that is wanted (git blob id); without it the one that the workspace's changes point to. */
  readonly version?: string | null
  readonly signal?: AbortSignal
}

export type FingerprintOptions = {
  /**
   * A commit that the reader's files are those of, all of them: then what workers found at that commit counts, and
   * nothing is looked at.
   */
  readonly revision?: string
}

/** What a file and all that it imports were when a worker followed the imports. */
export type FileFingerprint = {
  readonly path: string
  /** Content version of the file. */
  readonly version: string
  /** Stays the same as long as path, contents and closure do. */
  readonly digest: string
  /** Whether that is still so: only then may a result kept under the digest be used instead of the files. */
  readonly verified: boolean
}

/** One run of an analyzer. */
export interface CachedSession {
  readonly id: string
  /**
   * The value of a file: from the cache, else from the origin, which then fills the cache. Null when the origin has no
   * such file, or the layer no value of it. The cache can slow a read down but never fails it. Rejects with
   * FW_ORIGIN_UNAVAILABLE, FW_PATH_DENIED or FW_FILE_TOO_LARGE when the origin does not give the file, with
   * FW_REQUEST_INVALID for a layer nobody can make, with FW_LAYER_FAILED when its producer fails.
   */
  read(path: string, options?: ReadOptions): Promise<Uint8Array | null>
  /**
   * The fingerprint of a file and its imports from the cache, checked against the reader's own files, each of which is
   * looked at once a session; null when workers have made none. Never fails for the cache or the origin: what cannot be
   * checked is not verified.
   */
  fingerprint(path: string, options?: FingerprintOptions): Promise<FileFingerprint | null>
  /** Says that the run is over: the model learns from it then. */
  end(): void
}

/** Reads the files of one workspace, for any number of sessions side by side. */
export interface CachedReader {
  session(options: SessionOptions): CachedSession
}

const FILE_BYTES_MAX = 16 * 1_048_576
const CACHE_REST_MS = 1_000

/** Reads a workspace's files through the shared cache and publishes what every read found. */
export function createCachedReader(deps: CachedReaderDependencies, options: CachedReaderOptions): CachedReader {
  const reader = new Reader(deps, options)
  return {
    session({ analyzer, revision = null, id = deps.newId() }) {
      const name = { session: id, analyzer, revision }
      const files = reader.snapshot()
      return {
        id,
        read: (path, readOptions = {}) => reader.read(name, path, readOptions),
        fingerprint: (path, wish = {}) => reader.fingerprint(name, path, { ...wish, files }),
        end: () => deps.publisher.endSession(id),
      }
    },
  }
}

type Reading = { readonly revision: string | null; readonly signal: AbortSignal }

const NEVER = new AbortController().signal

class Reader {
  readonly #deps: CachedReaderDependencies
  readonly #workspace: string
  readonly #fileBytesMax: number
  readonly #cacheRestMs: number
  /** The cache is not asked before this time: a cache that is away must not cost a time-out a read. */
  #cacheAgainMs = Number.NEGATIVE_INFINITY

  constructor(deps: CachedReaderDependencies, options: CachedReaderOptions) {
    this.#deps = deps
    this.#workspace = options.workspace
    this.#fileBytesMax = options.fileBytesMax ?? FILE_BYTES_MAX
    this.#cacheRestMs = options.cacheRestMs ?? CACHE_REST_MS
  }

  async read(session: SessionName, path: string, options: ReadOptions): Promise<Uint8Array | null> {
    const timeMs = this.#deps.clock.now()
    const producer = await this.#producerOf(options.layer ?? CONTENT_LAYER.name)
    if (producer.handles?.(path) === false) return null
    const { name: layer, version: producerVersion } = producer
    const wanted = { workspace: this.#workspace, layer, producerVersion, path, version: options.version ?? null }
    const found = await this.#tryCache(() => lookUp(this.#deps, wanted), { outcome: 'miss' })
    // A read that gains from a warm links to it: there the story that an access began comes to its end.
    const links = found.outcome === 'warmHit' ? warmOf(found).links : []
    const attributes = { 'forewarm.access.outcome': found.outcome, 'forewarm.layer': layer }
    const reading = { revision: session.revision, signal: options.signal ?? NEVER }
    return this.#deps.telemetry.span('read', { kind: 'internal', attributes, links }, async () => {
      const value = 'value' in found ? found.value : await this.#load(wanted, producer, reading)
      if (value === null) return null
      const warmedBy = found.outcome === 'warmHit' ? warmOf(found).commandId : null
      const { outcome } = found
      this.#deps.publisher.record(session, { path, timeMs, layer, version: wanted.version, outcome, warmedBy })
      return value
    })
  }

  snapshot(): OriginSnapshot {
    return new OriginSnapshot({ ...this.#deps, fileBytesMax: this.#fileBytesMax })
  }

  async fingerprint(
    session: SessionName,
    path: string,
    { revision = null, files }: { readonly revision?: string | null; readonly files: OriginSnapshot },
  ): Promise<FileFingerprint | null> {
    const timeMs = this.#deps.clock.now()
    const layer = (await this.#deps.layers()).get(INCREMENTAL)
    if (layer === undefined || !isOfClosure(layer) || layer.handles?.(path) === false) return null
    const name = { workspace: this.#workspace, layer: INCREMENTAL, producerVersion: layer.version, path }
    const found = await this.#tryCache(() => findFingerprint(this.#deps, name, revision), null)
    if (found === null) return null
    const { print, outcome, commandId: warmedBy } = found
    const verified = revision !== null || (await isUnchanged(found, { files, layer }))
    const { version, digest } = print
    // Only what spares the reader the file stands for a read of it; else it reads the file next.
    if (verified) {
      this.#deps.publisher.record(session, { path, timeMs, layer: INCREMENTAL, version: null, outcome, warmedBy })
    }
    return { path, version, digest, verified }
  }

  async #producerOf(layer: string): Promise<LayerProducer> {
    if (layer === CONTENT_LAYER.name) return CONTENT_LAYER
    const layers = await this.#deps.layers()
    const producer = layers.get(layer)
    if (producer !== undefined && !isOfClosure(producer)) return producer
    if (producer !== undefined) {
      throw new ForewarmError('FW_REQUEST_INVALID', `workers alone make the layer '${layer}': ask for a fingerprint`)
    }
    const known = [...layers.keys()].join(', ')
    throw new ForewarmError('FW_REQUEST_INVALID', `no producer of the layer '${layer}' is registered; known: ${known}`)
  }

  async #load(wanted: WantedValue, producer: LayerProducer, reading: Reading): Promise<Uint8Array | null> {
    const { revision, signal } = reading
    const read = await this.#deps.origin.read(wanted.path, { bytesMax: this.#fileBytesMax, signal })
    switch (read.outcome) {
      case 'read':
        return this.#fill(
          wanted,
          read.file,
          await produceValue(producer, { ...wanted, ...read.file, revision }, signal),
        )
      case 'missing':
        return null
      case 'denied':
        throw refused('FW_PATH_DENIED', `the origin denies the path: ${read.detail}`)
      case 'tooLarge':
        throw refused('FW_FILE_TOO_LARGE', `the file has ${read.bytes} bytes, over the limit of ${this.#fileBytesMax}`)
    }
  }

  /** Under the version that was read, which need not be the one that was wanted. */
  async #fill(wanted: WantedValue, { version }: OriginFile, value: Uint8Array | null): Promise<Uint8Array | null> {
    if (value === null) return null
    const key = valueKey({ ...wanted, version }, this.#deps.sha256Hex)
    await this.#tryCache(() => this.#deps.cache.put(key, value, { kind: 'fill' }), 'full')
    return value
  }

  async #tryCache<Result>(work: () => Promise<Result>, otherwise: Result): Promise<Result> {
    const nowMs = this.#deps.clock.monotonicMs()
    if (nowMs < this.#cacheAgainMs) return otherwise
    try {
      return await work()
    } catch (error) {
      // Whatever it is: an analyzer works on without its cache.
      this.#cacheAgainMs = this.#deps.clock.monotonicMs() + this.#cacheRestMs
      const cause = messageOf(error)
      this.#deps.logger.warn({ cause, workspace: this.#workspace }, 'reading without the cache for a while')
      return otherwise
    }
  }
}

function warmOf(found: Lookup): { readonly commandId: string | null; readonly links: readonly string[] } {
  if (!('source' in found) || found.source.kind !== 'warm') return { commandId: null, links: [] }
  const { commandId, traceparent } = found.source
  return { commandId, links: traceparent === null ? [] : [traceparent] }
}

const refused = (code: ErrorCode, message: string): ForewarmError => new ForewarmError(code, message)
