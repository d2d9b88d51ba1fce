import { type RunningFlow, runHandler } from '../run.ts'
import { INGEST_TOPICS } from './fence.ts'
import { IngestHandler, type IngestOptions } from './handler.ts'
import type { IngestDeps } from './load-shard.ts'

/** Starts to fold both topics into the models, as a member of `group`. */
export async function startIngest(deps: IngestDeps, options: IngestOptions & { group: string }): Promise<RunningFlow> {
  const handler = await IngestHandler.create(deps, options)
  const { group, batchRecordsMax } = options
  return runHandler(deps.log, { group, topics: INGEST_TOPICS, batchRecordsMax }, handler)
}
