/**
 * The manual's own interface: one object that learns accesses, warms by a strategy and tells what it did. Behind it are
 * the same log, models, planner and workers as everywhere.
 */
import { type Sha256Hex, shortId } from '../../model/identity.ts'
import type { Cache, CachePressure, CacheStats } from '../../ports/cache.ts'
import type { ModelReader } from '../../ports/model-reader.ts'
import type { RunCount, RunReader, RunSummary } from '../../ports/runs.ts'
import { batchSize } from '../../warming/run/batch-size.ts'
import type { HitRate } from '../../warming/run/hit-rate.ts'
import type { RunState } from '../../warming/run/state.ts'
import type { Strategy } from '../../warming/strategy/strategy.ts'
import { NO_WISH, type RunWish, toWarmRequest } from '../../warming/strategy/to-run-spec.ts'
import type { AccessPublisher } from '../access-publisher.ts'
import type { CachedReader, CachedSession } from '../cached-reader.ts'
import { AccessPatterns } from './access-patterns.ts'
import { type Following, type RunRequestDependencies, runToEnd } from './run-request.ts'
import { strategyFrom, type WarmingStrategy } from './strategy-input.ts'
import { durationMs, filesThat, filesWarmed, type WarmingStats, warmingStatsOf } from './warming-stats.ts'

export type CacheWarmerDependencies = Omit<RunRequestDependencies, 'runs'> & {
  readonly runs: RunReader
  readonly models: Pick<ModelReader, 'file' | 'files' | 'learned'>
  readonly cache: Pick<Cache, 'stats' | 'pressure' | 'clear'>
  readonly reader: CachedReader
  readonly publisher: Pick<AccessPublisher, 'record' | 'flush'>
  /** Version of a file as it is now; null where there is none. */
  readonly versionOf: (path: string) => Promise<string | null>
  /**
   * A strategy of the settings or a preset, on the layers of these settings where it names none. Throws
   * FW_STRATEGY_INVALID for a name that nobody knows.
   */
  readonly strategyNamed: (name: string) => Strategy
  readonly sha256Hex: Sha256Hex
  readonly newId: () => string
}

export type CacheWarmerSettings = {
  readonly workspace: string
  /** Layers that are warmed where a strategy names none. */
  readonly layers: readonly string[]
  /** Name under which accesses are learned. */
  readonly analyzer: string
  readonly revision: string | null
}

/** What a run has done. */
export type WarmingResults = {
  readonly runId: string
  readonly state: RunState
  /** Why it ended as it did; empty when there is nothing to add. */
  readonly why: string
  readonly filesPlanned: number
  /** Files that were brought into the cache. */
  readonly filesWarmed: number
  /** Files that were there already. */
  readonly filesPresent: number
  readonly counts: readonly RunCount[]
  readonly warmingTimeMs: number
  /** What the warmed files take, MiB. */
  readonly memoryUsedMb: number
  /** The highest memory pressure that a worker met, 0..1: the larger of the cache's and of its own. */
  readonly memoryPressure: number
  /** Hits / (hits + wasted) of all predictions of the workspace so far, 0..1; null before the first is settled. */
  readonly predictiveAccuracy: number | null
  /** Hit rate of the workspace's readers around the run. */
  readonly hitRate: { readonly before: HitRate; readonly after: HitRate }
}

/** What the workspace's values take in the cache. */
export type MemoryUsage = CacheStats & {
  /** Bytes of the whole cache, and how many it may hold; null without a limit. */
  readonly cacheBytes: number
  readonly cacheBytesMax: number | null
  /** Share of the limit that is in use, 0..100; 0 without a limit. */
  readonly utilizationPercent: number
}

/** Files done and files of the plan; equal only once the run has ended. */
export type OnProgress = (current: number, total: number) => void

type Watching = { readonly onProgress?: OnProgress | undefined; readonly signal?: AbortSignal | undefined }

/** The manual's class, for one workspace, on the shared cache and models. */
export class CacheWarmer {
  readonly patterns: AccessPatterns
  readonly #deps: CacheWarmerDependencies
  readonly #settings: CacheWarmerSettings
  readonly #session: CachedSession
  readonly #tracked = new Set<string>()

  constructor(deps: CacheWarmerDependencies, settings: CacheWarmerSettings) {
    this.#deps = deps
    this.#settings = settings
    this.patterns = new AccessPatterns(deps.models, settings.workspace)
    this.#session = deps.reader.session({ analyzer: settings.analyzer, revision: settings.revision })
  }

  /**
   * Warms by a strategy, or by the one of a name, and resolves once every file of it has its counted, verified outcome;
   * look at `state`: a run that was cut short is no error. Rejects with FW_STRATEGY_INVALID, or when log or models
   * cannot be reached.
   */
  async warmCacheIntelligently(
    strategy: WarmingStrategy | string,
    onProgress?: OnProgress,
    { signal }: Pick<Following, 'signal'> = {},
  ): Promise<WarmingResults> {
    const { layers } = this.#settings
    const complete =
      typeof strategy === 'string' ? this.#deps.strategyNamed(strategy) : strategyFrom({ layers, ...strategy })
    return this.#warm(complete, NO_WISH, { onProgress, signal })
  }

  /**
   * Warms what is likely read after `path`: `patterns.relatedFiles`, and nothing besides. Null where nothing is related to
   * it. Rejects as `warmCacheIntelligently` does.
   */
  async predictiveWarming(path: string): Promise<WarmingResults | null> {
    const paths = (await this.patterns.relatedFiles(path)).map((related) => related.path)
    return paths.length === 0 ? null : this.#warm(this.#deps.strategyNamed('paths'), { ...NO_WISH, paths }, {})
  }

  /**
   * Learns that a file was read, and which files were read with it: those that this warmer has not tracked yet count as
   * read just before.
   */
  trackAccess(path: string, coAccessedFiles: Iterable<string> = []): void {
    for (const other of coAccessedFiles) if (other !== path && !this.#tracked.has(other)) this.#record(other)
    this.#record(path)
  }

  /**
   * A file's value: from the cache, else from the origin, which fills the cache. The read is learned. Null for no such
   * file.
   */
  async read(path: string, layer = 'content'): Promise<Uint8Array | null> {
    this.#remember(path)
    return this.#session.read(path, { layer, version: await this.#deps.versionOf(path) })
  }

  /** Sends what was tracked; false when that took longer than `deadlineMs`. Learning follows at once. */
  flush(deadlineMs = 5_000): Promise<boolean> {
    return this.#deps.publisher.flush(deadlineMs)
  }

  /** Says that this series of reads is over: its order and its set of files are learned then. */
  endSession(): void {
    this.#session.end()
    this.#tracked.clear()
  }

  /** Last access plus the mean interval, milliseconds since the Unix epoch; null before the second access. */
  async predictNextAccess(path: string): Promise<number | null> {
    return (await this.patterns.pattern(path))?.predictNextAccess() ?? null
  }

  /** The files read most often at this hour (UTC), the twenty strongest. */
  peakFiles(): ReturnType<AccessPatterns['peakFiles']> {
    return this.patterns.peakFiles(this.#deps.clock.now())
  }

  /** What warming has done for the workspace so far, of the runs that are kept. */
  async warmingStats(): Promise<WarmingStats> {
    const { runs, models } = this.#deps
    const { workspace } = this.#settings
    return warmingStatsOf(await runs.list(workspace), await models.learned(workspace))
  }

  /** Hit rate of all readers of the workspace so far, 0..1; null before the first read. */
  async hitRate(): Promise<number | null> {
    return (await this.#deps.models.learned(this.#settings.workspace))?.proof.hitRate?.value ?? null
  }

  async memoryUsage(): Promise<MemoryUsage> {
    const [stats, { bytesUsed, bytesMax }] = await Promise.all([
      this.#deps.cache.stats(this.#workspaceId()),
      this.#deps.cache.pressure(),
    ])
    const utilizationPercent = bytesMax === null ? 0 : (bytesUsed / bytesMax) * 100
    return { ...stats, cacheBytes: bytesUsed, cacheBytesMax: bytesMax, utilizationPercent }
  }

  /**
   * Share of the cache held by live entries, 0..1. What a strategy's threshold is held against is the larger of this and of
   * the worker's own memory: `memoryPressure` of the results has the highest that a run met.
   */
  async memoryPressure(): Promise<CachePressure['pressure']> {
    return (await this.#deps.cache.pressure()).pressure
  }

  /** Files of one batch at a memory pressure (0..1), as runs reckon it. */
  adaptiveBatchSize(base: number, pressure: number): number {
    return batchSize(base, pressure)
  }

  /** Removes all values of the workspace; what was learned stays. Returns how many. */
  clearCache(): Promise<number> {
    return this.#deps.cache.clear(this.#workspaceId())
  }

  async #warm(strategy: Strategy, wish: RunWish, { onProgress, signal }: Watching): Promise<WarmingResults> {
    const { workspace, analyzer, revision } = this.#settings
    const { clock, newId, models } = this.#deps
    const asked = { id: newId(), workspace, revision, requestedAtMs: clock.now(), requestedBy: analyzer }
    const run = await runToEnd(this.#deps, toWarmRequest(strategy, asked, wish), {
      ...(onProgress === undefined ? {} : { onProgress: progressTo(onProgress) }),
      ...(signal === undefined ? {} : { signal }),
    })
    const learned = await models.learned(workspace)
    return resultsOf(run, learned?.proof.accuracy ?? null)
  }

  #record(path: string): void {
    this.#remember(path)
    const { analyzer, revision } = this.#settings
    this.#deps.publisher.record({ session: this.#session.id, analyzer, revision }, { path })
  }

  #remember(path: string): void {
    if (this.#tracked.size >= TRACKED_MAX) this.#tracked.clear()
    this.#tracked.add(path)
  }

  #workspaceId(): string {
    return shortId(this.#settings.workspace, this.#deps.sha256Hex)
  }
}

/** Paths that a warmer remembers of its session. */
const TRACKED_MAX = 100_000

function progressTo(onProgress: OnProgress): (run: RunSummary) => void {
  let shown = -1
  return (run) => {
    const total = run.files ?? 0
    const pending = filesThat(run.counts, ['pending'])
    // Nothing is done before it was verified: the last file counts when the run has ended.
    const done = run.endedAtMs === null ? Math.min(total - pending, total - 1) : total
    if (total === 0 || done === shown || done < 0) return
    shown = done
    onProgress(done, total)
  }
}

const resultsOf = (run: RunSummary, predictiveAccuracy: number | null): WarmingResults => ({
  runId: run.id,
  state: run.state,
  why: run.why,
  filesPlanned: run.files ?? 0,
  filesWarmed: filesWarmed(run),
  filesPresent: filesThat(run.counts, ['present']),
  counts: run.counts,
  warmingTimeMs: durationMs(run),
  memoryUsedMb: run.bytes / 1_048_576,
  memoryPressure: run.pressure,
  predictiveAccuracy,
  hitRate: run.hitRate,
})
