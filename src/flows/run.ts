import type { ConsumeOptions, EventLog, LogHandler, TopicPartition } from '../ports/event-log.ts'

/** A flow that reads the log. */
export type RunningFlow = {
  /** Rejects when the flow cannot go on; never resolves before it is stopped. */
  readonly ended: Promise<void>
  /** Partitions that are this flow's now. */
  assignment(): readonly TopicPartition[]
  /** Stops fetching, lets the batch in hand end, writes what is left, leaves the group. */
  stop(): Promise<void>
}

/** A handler with something left to do after its last batch. */
export type ClosableHandler = LogHandler & { close(): Promise<void> }

/** Reads the log with a handler until it is stopped. */
export async function runHandler(
  log: EventLog,
  options: ConsumeOptions,
  handler: ClosableHandler,
): Promise<RunningFlow> {
  const consumer = await log.consume(options, handler)
  const stopped = Promise.withResolvers<void>()
  return {
    ended: Promise.race([consumer.failed, stopped.promise]),
    assignment: () => consumer.assignment(),
    stop: async () => {
      await consumer.stop()
      await handler.close()
      stopped.resolve()
    },
  }
}
