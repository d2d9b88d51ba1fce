import { LRUCache } from 'lru-cache'
import { epochOf, FileCounts, fadeFile } from '../../model/fold/file-counts.ts'
import type { ClosedSession } from '../../model/fold/session.ts'
import { bucketOf, type Sha256Hex, shardKey, shortId } from '../../model/identity.ts'
import type { ModelLimits } from '../../model/limits.ts'
import { decodeEvidence } from '../../model/rows/evidence-row.ts'
import { decodeFile, type RefOf } from '../../model/rows/file-row.ts'
import { decodeHeaderRow } from '../../model/rows/header-rows.ts'
import { decodeSequenceChunk } from '../../model/rows/sequence-row.ts'
import { decodeClosed, decodeProfile } from '../../model/rows/session-rows.ts'
import type {
  ClockEvidence,
  ClosedSequence,
  FileEvidence,
  Learned,
  ModelReader,
  ProfileEvidence,
  Sequence,
} from '../../ports/model-reader.ts'
import type { ModelStore, RowAddress, RowSpace } from '../../ports/model-store.ts'
import { clockEvidence, learnedOf, mergeClocks, mergeFiles, mergeProfiles, type ShardSummary } from './merge.ts'

export type ModelReaderOptions = {
  readonly limits: ModelLimits
  readonly sha256Hex: Sha256Hex
  readonly now: () => number
  /** Counts the ages of rows, milliseconds from any moment: a clock that is set back would keep them young. `now` unless told. */
  readonly steadyMs?: () => number
  /** How old a row may be that is answered from this process, ms; ingest goes on learning meanwhile. */
  readonly freshMs: number
  /** Rows and names kept in this process at most. */
  readonly entriesMax: number
}

type IdRow = FileCounts<string>

const hexId: RefOf<string> = (high, low) => hex32(high) + hex32(low)
const hex32 = (value: number): string => value.toString(16).padStart(8, '0')
/** Where nobody asks for neighbours: naming them is most of what decoding a row takes. */
const unnamed: RefOf<string> = () => ''

/**
 * Reads models through a bounded cache in this process. Rows go stale after `freshMs`; the sequence of a closed session
 * and the path behind an id never change and stay until they are the least recently used.
 */
export function createModelReader(store: ModelStore, options: ModelReaderOptions): ModelReader {
  return new NearCacheReader(store, options)
}

class NearCacheReader implements ModelReader {
  readonly #store: ModelStore
  readonly #options: ModelReaderOptions
  readonly #files: LRUCache<string, { row: IdRow | null }>
  readonly #paths: LRUCache<string, string>
  readonly #profiles: LRUCache<string, { profile: ProfileEvidence | null }>
  readonly #closed: LRUCache<string, readonly ClosedSession[]>
  readonly #sequences: LRUCache<string, Sequence>

  constructor(store: ModelStore, options: ModelReaderOptions) {
    this.#store = store
    this.#options = options
    const steadyMs = options.steadyMs ?? options.now
    // The clock may be a simulated one: it is asked each time, and shifted, since a start at 0 would count as none.
    const perf = { now: () => steadyMs() + 1 }
    const fresh = { max: options.entriesMax, ttl: options.freshMs, ttlResolution: 0, perf }
    this.#files = new LRUCache(fresh)
    this.#profiles = new LRUCache({ ...fresh, max: 256 })
    this.#closed = new LRUCache({ ...fresh, max: 256 })
    this.#paths = new LRUCache({ max: options.entriesMax })
    this.#sequences = new LRUCache({ max: 256 })
  }

  async file(workspace: string, path: string): Promise<FileEvidence | null> {
    const id = shortId(path, this.#options.sha256Hex)
    const found = await Promise.all(
      this.#shards().map(async (shard) => {
        const row = await this.#fileRow(workspace, shard, id)
        return row === null ? null : this.#evidence(workspace, shard, row)
      }),
    )
    return mergeFiles(found.filter((file) => file !== null))
  }

  async profile(workspace: string, analyzer: string): Promise<ProfileEvidence | null> {
    const found = await Promise.all(this.#shards().map((shard) => this.#profile(workspace, shard, analyzer)))
    return mergeProfiles(found.filter((profile) => profile !== null))
  }

  async sequences(workspace: string, analyzer: string, countMax: number): Promise<readonly Sequence[]> {
    const latest = (await this.#latestClosed(workspace)).filter(({ session }) => session.analyzer === analyzer)
    return Promise.all(latest.slice(0, countMax).map((one) => this.#sequence(workspace, one.shard, one.session)))
  }

  async closedSessions(
    workspace: string,
    countMax: number,
    isWanted: (session: string) => boolean = () => true,
  ): Promise<readonly ClosedSequence[]> {
    const closed = (await this.#latestClosed(workspace)).slice(0, countMax).reverse()
    const latest = closed.filter(({ session }) => isWanted(session.id))
    return Promise.all(
      latest.map(async ({ shard, session }) => {
        const reads = await this.#sequence(workspace, shard, session)
        return { session: session.id, analyzer: session.analyzer, reads }
      }),
    )
  }

  async *files(workspace: string): AsyncIterable<readonly ClockEvidence[]> {
    const merged = new Map<string, ClockEvidence>()
    const several = this.#options.limits.shards > 1
    for (const shard of this.#shards()) {
      for await (const rows of this.#store.scan(this.#address(workspace, shard, 'model'))) {
        const files = rows
          .filter(([row]) => row.startsWith('f'))
          .map(([, bytes]) => clockEvidence(this.#decode(bytes, unnamed)))
        if (!several) yield files
        else for (const file of files) merged.set(file.path, mergeClocks(file, merged.get(file.path)))
      }
    }
    if (several) yield [...merged.values()]
  }

  async learned(workspace: string): Promise<Learned | null> {
    const shards = await Promise.all(this.#shards().map((shard) => this.#summary(workspace, shard)))
    return learnedOf(shards.filter((shard) => shard !== null))
  }

  shardKeys(): Promise<readonly string[]> {
    return this.#store.shardKeys()
  }

  async #summary(workspace: string, shard: number): Promise<ShardSummary | null> {
    const [header, warming] = await this.#store.get(this.#address(workspace, shard, 'model'), ['h', 'e'])
    if (header == null) return null
    return { header: decodeHeaderRow(header), warming: warming == null ? null : decodeEvidence(warming) }
  }

  async #fileRow(workspace: string, shard: number, id: string): Promise<IdRow | null> {
    const key = `${shardKey(workspace, shard)}/${id}`
    const cached = this.#files.get(key)
    if (cached !== undefined) return cached.row
    const [bytes] = await this.#store.get(this.#address(workspace, shard, 'model'), [`f${id}`])
    const row = bytes == null ? null : this.#decode(bytes)
    this.#files.set(key, { row })
    return row
  }

  #decode(bytes: Uint8Array, refOf: RefOf<string> = hexId): IdRow {
    const row = decodeFile<string, IdRow>(bytes, refOf, (path) => new FileCounts<string>(path))
    fadeFile(row, epochOf(this.#options.now(), this.#options.limits), this.#options.limits)
    return row
  }

  async #evidence(workspace: string, shard: number, row: IdRow): Promise<FileEvidence> {
    const ids = [...row.coAccess.refs, ...row.successors.refs]
    const paths = await this.#pathsOf(workspace, shard, ids)
    const neighbours = (list: IdRow['coAccess']) =>
      list.refs.flatMap((id, at) => {
        const path = paths.get(id)
        return path === undefined ? [] : [{ path, count: list.counts[at] ?? 0 }]
      })
    return { ...clockEvidence(row), coAccess: neighbours(row.coAccess), successors: neighbours(row.successors) }
  }

  /** Paths behind ids; an id whose file was evicted has none. */
  async #pathsOf(workspace: string, shard: number, ids: readonly string[]): Promise<Map<string, string>> {
    const paths = new Map<string, string>()
    const unknown = new Set<string>()
    for (const id of ids) {
      const path = this.#paths.get(id)
      if (path === undefined) unknown.add(id)
      else paths.set(id, path)
    }
    const asked = [...unknown]
    const address = this.#address(workspace, shard, 'model')
    const rows =
      asked.length === 0
        ? []
        : await this.#store.get(
            address,
            asked.map((id) => `f${id}`),
          )
    rows.forEach((bytes, at) => {
      const id = asked[at]
      if (bytes === null || id === undefined) return
      const { path } = this.#decode(bytes, unnamed)
      this.#paths.set(id, path)
      paths.set(id, path)
    })
    return paths
  }

  async #profile(workspace: string, shard: number, analyzer: string): Promise<ProfileEvidence | null> {
    const key = `${shardKey(workspace, shard)}/${analyzer}`
    const cached = this.#profiles.get(key)
    if (cached !== undefined) return cached.profile
    const row = `a${shortId(analyzer, this.#options.sha256Hex)}`
    const [bytes] = await this.#store.get(this.#address(workspace, shard, 'model'), [row])
    const profile = bytes == null ? null : await this.#readProfile(workspace, shard, bytes)
    this.#profiles.set(key, { profile })
    return profile
  }

  async #readProfile(workspace: string, shard: number, bytes: Uint8Array): Promise<ProfileEvidence> {
    const { sessions, files } = decodeProfile(bytes, hexId)
    const paths = await this.#pathsOf(workspace, shard, [...files.keys()])
    const named = [...files].flatMap(([id, count]) => {
      const path = paths.get(id)
      return path === undefined ? [] : [{ path, count }]
    })
    return { sessions, files: named }
  }

  /** Closed sessions of all shards, the latest first. */
  async #latestClosed(workspace: string): Promise<{ shard: number; session: ClosedSession }[]> {
    const closed = await Promise.all(
      this.#shards().map(async (shard) => {
        const sessions = await this.#closedSessions(workspace, shard)
        return sessions.map((session) => ({ shard, session }))
      }),
    )
    return closed.flat().sort((a, b) => b.session.lastMs - a.session.lastMs)
  }

  async #closedSessions(workspace: string, shard: number): Promise<readonly ClosedSession[]> {
    const key = shardKey(workspace, shard)
    const cached = this.#closed.get(key)
    if (cached !== undefined) return cached
    const [bytes] = await this.#store.get(this.#address(workspace, shard, 'model'), ['c'])
    const sessions = bytes == null ? [] : decodeClosed(bytes)
    this.#closed.set(key, sessions)
    return sessions
  }

  async #sequence(workspace: string, shard: number, session: ClosedSession): Promise<Sequence> {
    const id = shortId(session.id, this.#options.sha256Hex)
    const key = `${shardKey(workspace, shard)}/${id}.${session.opened}`
    const cached = this.#sequences.get(key)
    if (cached !== undefined) return cached
    const chunks = Math.ceil(session.length / this.#options.limits.sequenceChunk)
    const rows = Array.from({ length: chunks }, (_, chunk) => `${id}.${session.opened}.${chunk}`)
    const bytes = await this.#store.get(this.#address(workspace, shard, 'sequences'), rows)
    const entries = bytes.flatMap((chunk) => (chunk === null ? [] : decodeSequenceChunk(chunk, hexId)))
    const paths = await this.#pathsOf(
      workspace,
      shard,
      entries.map(({ ref }) => ref),
    )
    const sequence = entries.flatMap(({ ref, timeMs }) => {
      const path = paths.get(ref)
      return path === undefined ? [] : [{ path, timeMs }]
    })
    this.#sequences.set(key, sequence)
    return sequence
  }

  #shards(): number[] {
    return Array.from({ length: this.#options.limits.shards }, (_, shard) => shard)
  }

  #address(workspace: string, shard: number, space: RowSpace): RowAddress {
    const key = shardKey(workspace, shard)
    return { bucket: bucketOf(key), shard: shortId(key, this.#options.sha256Hex), space }
  }
}
