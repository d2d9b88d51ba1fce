/**
 * Appends for clients that wait for the answer: bounded in bytes and in time. A log that is away or slow makes the
 * client come again later, never this process grow.
 */
import type { Clock } from '../../ports/clock.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { EventLog, OutgoingRecord, TopicRole } from '../../ports/event-log.ts'
import type { Accepted } from '../../ports/gateway.ts'

export type AppenderLimits = {
  /** Bytes of records that wait for the log at once. */
  readonly pendingBytesMax: number
  /** After this the client is told to come again; the records may still arrive, which `sequence` makes harmless. */
  readonly timeoutMs: number
}

export class BoundedAppender {
  readonly #log: EventLog
  readonly #clock: Clock
  readonly #limits: AppenderLimits
  #pendingBytes = 0

  constructor(log: EventLog, clock: Clock, limits: AppenderLimits) {
    this.#log = log
    this.#clock = clock
    this.#limits = limits
  }

  async append(topic: TopicRole, records: readonly OutgoingRecord[]): Promise<Accepted['records']> {
    const bytes = records.reduce((sum, { value }) => sum + value.byteLength, 0)
    if (this.#pendingBytes + bytes > this.#limits.pendingBytesMax) {
      throw overloaded('too much waits for the log already: send again later')
    }
    this.#pendingBytes += bytes
    const appended = this.#log.append(topic, records).finally(() => {
      this.#pendingBytes -= bytes
    })
    return this.#inTime(appended)
  }

  async #inTime(appended: ReturnType<EventLog['append']>): Promise<Accepted['records']> {
    const waiting = new AbortController()
    const late = this.#clock.sleep(this.#limits.timeoutMs, waiting.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    )
    try {
      const positions = await Promise.race([appended, late])
      if (positions !== 'late') return positions.map(({ partition, offset }) => ({ partition, offset }))
    } catch (cause) {
      if (cause instanceof ForewarmError && cause.code === 'FW_LOG_UNAVAILABLE') {
        throw overloaded('the event log cannot be reached: send again later', cause)
      }
      throw cause
    } finally {
      waiting.abort()
    }
    // Nobody waits for these any more; how they end is the log's to tell.
    appended.catch(() => {})
    throw overloaded(`the event log did not take the records within ${this.#limits.timeoutMs} ms: send again later`)
  }
}

const overloaded = (message: string, cause?: unknown): ForewarmError =>
  new ForewarmError('FW_OVERLOADED', message, { retriable: true, cause })
