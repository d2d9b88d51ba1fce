/**
 * What `import 'forewarm'` gives. `openForewarm` is all that an analyzer needs; the other names are its parts, for those
 * who bring an engine, an origin or a layer of their own.
 */
export { type CacheWarmerOptions, createCacheWarmer, type OpenCacheWarmer } from './compose/cache-warmer.ts'
export { type Forewarm, type ForewarmOptions, openForewarm } from './compose/library.ts'
export type { Access, AccessEvent, AccessOutcome, Change } from './model/access.ts'
export type { WarmedFile, WarmOutcome, WarmOutcomeKind } from './model/outcome.ts'
export type { Cache, CacheEntry, CacheKey, EntrySource, PutResult } from './ports/cache.ts'
export type { Clock } from './ports/clock.ts'
export type { Codec, CodedTopic, Decoded, TopicValues } from './ports/codec.ts'
export { ERROR_CODES, type ErrorCode, ForewarmError } from './ports/errors.ts'
export type { EventLog, LogRecord, OutgoingRecord, TopicPartition, TopicRole } from './ports/event-log.ts'
export { CONTENT_LAYER, type LayerFile, type LayerProducer, type Layers, layersOf } from './ports/layer.ts'
export type { Origin, OriginFile, OriginRead } from './ports/origin.ts'
export type { Correlation } from './ports/patterns.ts'
export type { Log, Telemetry } from './ports/telemetry.ts'
export {
  type AccessPublisher,
  createAccessPublisher,
  type DropCause,
  type NewAccess,
  type PublisherDependencies,
  type PublisherOptions,
  type PublisherStats,
} from './sdk/access-publisher.ts'
export {
  type CachedReader,
  type CachedReaderDependencies,
  type CachedReaderOptions,
  type CachedSession,
  createCachedReader,
  type ReadOptions,
  type SessionOptions,
} from './sdk/cached-reader.ts'
export type { AccessPattern, RankedFile } from './sdk/manual/access-patterns.ts'
export type { CacheWarmer, MemoryUsage, OnProgress, WarmingResults } from './sdk/manual/cache-warmer.ts'
export type { WarmingStrategy } from './sdk/manual/strategy-input.ts'
export type { WarmingStats } from './sdk/manual/warming-stats.ts'
export type { SessionName } from './sdk/session-batches.ts'
export type { CommandFile, WarmCommand, WarmRequest } from './warming/command.ts'
