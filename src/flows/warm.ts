/** The warm flow: commands in, values into the cache, one outcome a command out. */
import { shardKey } from '../model/identity.ts'
import type { WarmOutcome } from '../model/outcome.ts'
import { ForewarmError } from '../ports/errors.ts'
import type {
  BatchVerdict,
  LogBatch,
  LogHandler,
  LogRecord,
  StartPosition,
  TopicPartition,
} from '../ports/event-log.ts'
import type { ActiveSpan, Attributes } from '../ports/telemetry.ts'
import type { WarmCommand } from '../warming/command.ts'
import { deadLetterOf } from './dead-letter.ts'
import type { WarmDependencies, WarmSettings } from './warm/dependencies.ts'
import { CommandRunner } from './warm/run-command.ts'

/** Header of a command: when the first of the accesses that led to it took place, milliseconds since the Unix epoch. */
export const OBSERVED_AT_HEADER = 'forewarm.observed-at'

/** What became of one record; `waits` when it cannot be decoded now. */
type Fate =
  | { readonly kind: 'done'; readonly outcome: WarmOutcome }
  | { readonly kind: 'parked'; readonly reason: string }
  | { readonly kind: 'waits' }
  | { readonly kind: 'stopped' }

/**
 * Takes the commands of a batch side by side, bounded by the worker's files in flight. A batch ends when all of its
 * commands have, so a slow origin pauses the partition instead of filling memory. Outcomes are published in the order
 * of the commands and before the commit: a command whose worker dies is carried out again, and finds its files present.
 */
export class WarmHandler implements LogHandler {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #runner: CommandRunner

  constructor(deps: WarmDependencies, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#runner = new CommandRunner(deps, settings)
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<readonly StartPosition[]> {
    return partitions.map(() => 'committed')
  }

  async revoked(): Promise<void> {}

  async batch(batch: LogBatch, signal: AbortSignal): Promise<BatchVerdict> {
    const running = batch.records.map((record) => this.#handle(record, signal))
    for (const fate of running) fate.catch(() => {})
    try {
      return await this.#settle(batch, running)
    } finally {
      await Promise.allSettled(running)
    }
  }

  /** Publishes what came of the records, in their order, up to the first one that has not come to its end. */
  async #settle(batch: LogBatch, running: readonly Promise<Fate>[]): Promise<BatchVerdict> {
    let next = batch.records[0]?.offset ?? batch.endOffset
    for (const [at, record] of batch.records.entries()) {
      const fate = await running[at]
      if (fate === undefined || fate.kind === 'stopped') return { next, commit: next }
      if (fate.kind === 'waits' || !(await this.#publish(record, fate))) {
        return { next, commit: next, pauseMs: this.#settings.pauseMs }
      }
      next = record.offset + 1
    }
    return { next, commit: next }
  }

  async #handle(record: LogRecord, signal: AbortSignal): Promise<Fate> {
    const decoded = await this.#deps.codec.decode('warm-commands', record.value)
    if (!decoded.ok) {
      this.#deps.logger.warn({ reason: decoded.reason, offset: record.offset }, 'a warm command cannot be read')
      return decoded.retriable ? { kind: 'waits' } : { kind: 'parked', reason: decoded.reason }
    }
    try {
      return { kind: 'done', outcome: await this.#process(record, decoded.value, signal) }
    } catch (error) {
      if (signal.aborted && error === signal.reason) return { kind: 'stopped' }
      throw error
    }
  }

  #process(record: LogRecord, command: WarmCommand, signal: AbortSignal): Promise<WarmOutcome> {
    // Around it is the span of the whole batch; the link leads to what issued this command.
    const link = record.headers.get('traceparent')
    const links = link === undefined ? [] : [link]
    return this.#deps.telemetry.span('warm', { kind: 'internal', attributes: warmAttributes(command), links }, (span) =>
      this.#warm(record, command, { span, signal }),
    )
  }

  async #warm(
    record: LogRecord,
    command: WarmCommand,
    { span, signal }: { span: ActiveSpan; signal: AbortSignal },
  ): Promise<WarmOutcome> {
    const startedMs = this.#deps.clock.monotonicMs()
    const outcome = await this.#runner.run(command, span, signal)
    const seconds = (this.#deps.clock.monotonicMs() - startedMs) / 1_000
    this.#deps.telemetry.measure('forewarm.warm.duration', seconds)
    span.set(Object.fromEntries([...countsOf(outcome)].map(([kind, count]) => [`forewarm.files.${kind}`, count])))
    this.#measure(outcome, observedAtMs(record) ?? command.issuedAtMs)
    return outcome
  }

  #measure(outcome: WarmOutcome, observedAtMs: number): void {
    const { telemetry } = this.#deps
    for (const { outcome: kind, detail, bytes, finishedAtMs } of outcome.files) {
      telemetry.measure('forewarm.warm.files', 1, { outcome: kind, detail })
      if (kind !== 'warmed' && kind !== 'refreshed') continue
      telemetry.measure('forewarm.warm.bytes', bytes)
      // Clocks of two machines differ; a duration below zero only says that it was short.
      const seconds = Math.max(0, finishedAtMs - observedAtMs) / 1_000
      telemetry.measure('forewarm.event_to_warm.duration', seconds)
    }
  }

  /** False when the log or the registry is away: the record is to be handled again. */
  async #publish(record: LogRecord, fate: Exclude<Fate, { kind: 'waits' | 'stopped' }>): Promise<boolean> {
    const { log, telemetry, logger } = this.#deps
    try {
      if (fate.kind === 'done') {
        await this.#publishOutcome(fate.outcome)
      } else {
        await log.append('dead-letters', [deadLetterOf(record, { stage: 'warm', reason: fate.reason })])
        telemetry.measure('forewarm.dead_letters', 1, { topic: record.topic, reason: 'undecodable' })
      }
      return true
    } catch (error) {
      if (!(error instanceof ForewarmError && error.retriable)) throw error
      logger.warn({ code: error.code, offset: record.offset }, 'an outcome cannot be published now')
      return false
    }
  }

  async #publishOutcome(outcome: WarmOutcome): Promise<void> {
    const value = await this.#deps.codec.encode('warm-outcomes', outcome)
    const key = shardKey(outcome.workspace, outcome.shard)
    await this.#deps.log.append('warm-outcomes', [{ key, value, headers: new Map() }])
  }
}

const warmAttributes = (command: WarmCommand): Attributes => ({
  'forewarm.workspace': command.workspace,
  'forewarm.command.id': command.id,
  'forewarm.files': command.files.length,
})

function countsOf(outcome: WarmOutcome): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const file of outcome.files) counts.set(file.outcome, (counts.get(file.outcome) ?? 0) + 1)
  return counts
}

function observedAtMs(record: LogRecord): number | null {
  const text = record.headers.get(OBSERVED_AT_HEADER)
  const timeMs = Number(text ?? Number.NaN)
  return Number.isSafeInteger(timeMs) ? timeMs : null
}
