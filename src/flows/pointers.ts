/** Moves the cache's pointers forward: what the current version of a path is, for readers who know none. */
import type { AccessEvent } from '../model/access.ts'
import type { Sha256Hex } from '../model/identity.ts'
import type { Cache } from '../ports/cache.ts'
import type { Codec } from '../ports/codec.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { BatchVerdict, LogBatch, LogHandler, StartPosition, TopicPartition } from '../ports/event-log.ts'
import type { Log } from '../ports/telemetry.ts'
import { pointerKey } from '../warming/cache-key.ts'

export type PointerDependencies = {
  readonly codec: Codec
  readonly cache: Cache
  readonly logger: Log
  readonly sha256Hex: Sha256Hex
}

/**
 * Reads the change records of access-events in a group of its own. Moving a pointer compares times, so a record that
 * is delivered again changes nothing, and the order of partitions does not matter.
 */
export class PointerHandler implements LogHandler {
  readonly #deps: PointerDependencies
  readonly #pauseMs: number

  /** While the cache or the registry is away, a partition is tried again every `pauseMs`. */
  constructor(deps: PointerDependencies, pauseMs: number) {
    this.#deps = deps
    this.#pauseMs = pauseMs
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<readonly StartPosition[]> {
    return partitions.map(() => 'committed')
  }

  async revoked(): Promise<void> {}

  async batch(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict> {
    let next = batch.records[0]?.offset ?? batch.endOffset
    for (const record of batch.records) {
      if (signal.aborted) return { next, commit: next }
      const decoded = await this.#deps.codec.decode('access-events', record.value)
      const waits = decoded.ok ? !(await this.#follow(decoded.value, record.timestampMs)) : decoded.retriable
      if (waits) return { next, commit: next, pauseMs: this.#pauseMs }
      // What can never be read is ingest's to park: it owns access-events.
      next = record.offset + 1
    }
    return { next, commit: next }
  }

  /**
   * False when the cache is away. No change is later than the log has taken it: one that a clock far ahead has dated would
   * otherwise keep out all that come after it, and readers who know no version would go on with what it named.
   */
  async #follow({ workspace, changes }: AccessEvent, takenAtMs: number): Promise<boolean> {
    const { cache, sha256Hex, logger } = this.#deps
    try {
      for (const { path, version, timeMs } of changes) {
        await cache.movePointer(pointerKey(workspace, path, sha256Hex), version, Math.min(timeMs, takenAtMs))
      }
      return true
    } catch (error) {
      if (!(error instanceof ForewarmError && error.retriable)) throw error
      logger.warn({ code: error.code }, 'pointers cannot be moved now')
      return false
    }
  }
}
