import { INGEST_TOPICS } from '../../src/flows/ingest/fence.ts'
import { IngestHandler, type IngestOptions } from '../../src/flows/ingest/handler.ts'
import type { IngestDeps } from '../../src/flows/ingest/load-shard.ts'

/** Runs the ingest flow as a member of `group` until it is stopped. `ended` rejects when the flow cannot go on, resolves at its stop. */
export async function startIngest(deps: IngestDeps, options: IngestOptions & { group: string }) {
  const handler = await IngestHandler.create(deps, options)
  const { group, batchRecordsMax } = options
  const consumer = await deps.log.consume({ group, topics: INGEST_TOPICS, batchRecordsMax }, handler)
  const stopped = Promise.withResolvers<void>()
  const stop = async () => {
    await consumer.stop()
    await handler.close()
    stopped.resolve()
  }
  const ended: Promise<void> = Promise.race([consumer.failed, stopped.promise])
  return { ended, stop }
}
