/** A running stage: one consumer of the log, or a server. A process runs one, `forewarm up` all of them. */
import type { Heartbeat } from '../heartbeat.ts'
import type { EventLog, LogConsumer, LogHandler, TopicRole } from '../ports/event-log.ts'

export type Stage = {
  readonly name: string
  /** Where it listens, if it does. */
  readonly url?: string
  /** Rejects when it cannot go on; never resolves. */
  readonly failed: Promise<never>
  /** What is missing for it to do its work, in words; empty when ready. */
  missing(): Promise<readonly string[]>
  /** Stops in order. */
  stop(): Promise<void>
  /** Makes room for others at once and commits nothing: for a process that an error ends. Nothing for a server. */
  abandon?(): Promise<void>
}

export type ConsumerStage = {
  readonly name: string
  readonly log: EventLog
  readonly topics: readonly TopicRole[]
  readonly batchRecordsMax: number
  readonly handler: LogHandler
  readonly heartbeat: Pick<Heartbeat, 'work'>
  /** Names of the engines that it cannot work without, and whether they answer. */
  readonly engines: ReadonlyMap<string, () => Promise<boolean>>
  /** Runs after the consumer's stop. */
  readonly close?: () => Promise<void>
}

/** Starts consuming; the group has the stage's name. */
export async function startConsumer(options: ConsumerStage): Promise<Stage> {
  const { name, log, topics, batchRecordsMax, handler, heartbeat, engines } = options
  const consumer = await log.consume({ group: name, topics, batchRecordsMax }, withHeartbeat(handler, heartbeat))
  return {
    name,
    failed: consumer.failed,
    missing: () => missingOf(name, consumer, engines),
    stop: async () => {
      await consumer.stop()
      await options.close?.()
    },
    abandon: () => consumer.abandon(),
  }
}

/**
 * Every batch is work in hand until it ends, and so is what goes on after it. An assignment is none: it waits for engines
 * that are away as long as they are, and that makes nobody dead.
 */
const withHeartbeat = (handler: LogHandler, heartbeat: Pick<Heartbeat, 'work'>): LogHandler => ({
  assigned: (partitions) => handler.assigned(partitions),
  revoked: (partitions) => heartbeat.work(() => handler.revoked(partitions)),
  batch: async (batch, signal) => {
    const { inHand, ...verdict } = await heartbeat.work(() => handler.batch(batch, signal))
    return inHand === undefined ? verdict : { ...verdict, inHand: heartbeat.work(() => inHand) }
  },
})

async function missingOf(
  name: string,
  consumer: LogConsumer,
  engines: ReadonlyMap<string, () => Promise<boolean>>,
): Promise<readonly string[]> {
  const answers = await Promise.all([...engines].map(async ([engine, healthy]) => ({ engine, is: await healthy() })))
  return [
    ...(consumer.joined() ? [] : [`${name} has not joined its group yet`]),
    ...answers.filter(({ is }) => !is).map(({ engine }) => `${engine} does not answer`),
  ]
}

/** Rejects when the first of the stages does. */
export const anyFailed = (stages: readonly Stage[]): Promise<never> => Promise.race(stages.map(({ failed }) => failed))
