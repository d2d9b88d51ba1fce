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
import { GOVERNOR_HEADER, OBSERVED_AT_HEADER } from './headers.ts'
import type { WarmDependencies, WarmSettings } from './warm/dependencies.ts'
import { InHand } from './warm/in-hand.ts'
import { CommandRunner } from './warm/run-command.ts'

/** What became of one record. */
type Fate =
  | { readonly kind: 'done'; readonly outcome: WarmOutcome }
  | { readonly kind: 'parked'; readonly reason: string }

/**
 * Carries out commands side by side, bounded by the worker's files in flight and by the commands in hand of each
 * partition: a batch ends when all of its commands have begun and one more may, so a large run holds up nobody who
 * comes after it, and a slow origin makes the partition wait instead of filling memory. A command has ended once its
 * outcome is published; what is committed is the first that has not: a command whose worker dies is carried out again,
 * and finds its files present.
 */
export class WarmHandler implements LogHandler {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings
  readonly #runner: CommandRunner
  /** By partition, with the signal that ends this hold on it. */
  readonly #hands = new Map<number, { readonly lost: AbortSignal; readonly hand: InHand }>()

  constructor(deps: WarmDependencies, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
    this.#runner = new CommandRunner(deps, settings)
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<readonly StartPosition[]> {
    return partitions.map(() => 'committed')
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    for (const { partition } of partitions) this.#hands.delete(partition)
  }

  async batch(batch: LogBatch, lost: AbortSignal): Promise<BatchVerdict> {
    const hand = this.#handOf(batch.partition, lost)
    return hand.take(() => this.#begin(batch, hand))
  }

  /** Tells how full the cache and this worker are, also while there is nothing to warm. Rejects when the cache is away. */
  lookAtPressure(): Promise<void> {
    return this.#runner.pressure.look()
  }

  /** Begins the commands of a batch as they find room; answers the offset to read next. */
  async #begin(batch: LogBatch, hand: InHand): Promise<number> {
    let next = batch.records[0]?.offset ?? batch.endOffset
    for (const record of batch.records) {
      await hand.roomFor(record.offset)
      if (!hand.begin(record.offset, (stop, ending) => this.#carryOut(record, stop, ending))) break
      next = record.offset + 1
    }
    // Not before there is room: what is fetched meanwhile would only wait.
    await hand.roomFor(next)
    return next
  }

  #handOf(partition: number, lost: AbortSignal): InHand {
    const known = this.#hands.get(partition)
    if (known?.lost === lost) return known.hand
    const { commandsInHandMax: recordsMax, recordsAheadMax: spanMax, drainMs } = this.#settings
    const hand = new InHand({ clock: this.#deps.clock, recordsMax, spanMax, drainMs, lost })
    this.#hands.set(partition, { lost, hand })
    return hand
  }

  /** Resolves when the outcome of the record is published; rejects with the reason of `stop`. */
  async #carryOut(record: LogRecord, stop: AbortSignal, ending: () => void): Promise<void> {
    const fate = await this.#fateOf(record, stop)
    stop.throwIfAborted()
    ending()
    await this.#untilDone(stop, () => this.#publish(record, fate))
  }

  async #fateOf(record: LogRecord, stop: AbortSignal): Promise<Fate> {
    const { codec, logger } = this.#deps
    const decoded = await this.#untilDone(stop, async () => {
      const answer = await codec.decode('warm-commands', record.value)
      if (answer.ok) return answer
      logger.warn({ reason: answer.reason, offset: record.offset }, 'a warm command cannot be read')
      return answer.retriable ? null : answer
    })
    if (!decoded.ok) return { kind: 'parked', reason: decoded.reason }
    return { kind: 'done', outcome: await this.#process(record, decoded.value, stop) }
  }

  /** Tries until there is an answer: an engine that is away is waited for, and is no stall. */
  async #untilDone<Answer>(stop: AbortSignal, work: () => Promise<Answer | null>): Promise<Answer> {
    for (;;) {
      stop.throwIfAborted()
      const answer = await work()
      if (answer !== null) return answer
      this.#deps.beat()
      await this.#deps.clock.sleep(this.#settings.pauseMs, stop)
    }
  }

  #process(record: LogRecord, command: WarmCommand, stop: AbortSignal): Promise<WarmOutcome> {
    // Around it is the span of the whole batch; the link leads to what issued this command.
    const link = record.headers.get('traceparent')
    const links = link === undefined ? [] : [link]
    return this.#deps.telemetry.span('warm', { kind: 'internal', attributes: warmAttributes(command), links }, (span) =>
      this.#warm(record, command, { span, stop }),
    )
  }

  async #warm(
    record: LogRecord,
    command: WarmCommand,
    { span, stop }: { span: ActiveSpan; stop: AbortSignal },
  ): Promise<WarmOutcome> {
    const startedMs = this.#deps.clock.monotonicMs()
    const outcome = await this.#runner.run(command, span, stop)
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

  /** Null when the log or the registry is away: it is to be tried again. */
  async #publish(record: LogRecord, fate: Fate): Promise<true | null> {
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
      return null
    }
  }

  async #publishOutcome(outcome: WarmOutcome): Promise<void> {
    const value = await this.#deps.codec.encode('warm-outcomes', outcome)
    const key = shardKey(outcome.workspace, outcome.shard)
    const headers = new Map([[GOVERNOR_HEADER, String(this.#runner.governorLevel(outcome.workspace))]])
    await this.#deps.log.append('warm-outcomes', [{ key, value, headers }])
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
