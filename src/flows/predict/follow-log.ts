/** Follows a workspace's latest reads beside whoever predicts: for tools that explain, in processes of their own. */
import type { AccessEvent } from '../../model/access.ts'
import type { ObservedSession } from '../../model/candidates/candidate.ts'
import { type OpenSessionLimits, OpenSessions } from '../../model/candidates/open-sessions.ts'
import { partitionOf, shardKey } from '../../model/identity.ts'
import type { Codec } from '../../ports/codec.ts'
import type { EventLog, TopicPartition } from '../../ports/event-log.ts'
import type { CandidateSource } from './source.ts'

export type FollowLogDeps = {
  readonly log: EventLog
  readonly codec: Codec
  readonly source: Pick<CandidateSource, 'follow'>
  readonly shards: number
  readonly sessions: OpenSessionLimits
}

/** Records of each partition that are looked through, and accesses of the workspace that are followed of them. */
const RECORDS_MAX = 5_000
const ACCESSES_MAX = 50_000

type Placed = { readonly event: AccessEvent; readonly offset: number }

/**
 * Has the source follow the ends of the workspace's partitions in silence, and tells which sessions are open there now,
 * the latest read last. Sessions that began before what is looked through are followed from there on.
 */
export async function followLog(deps: FollowLogDeps, workspace: string): Promise<readonly ObservedSession[]> {
  const partitions = await deps.log.partitions('access-events')
  const keys = Array.from({ length: deps.shards }, (_, shard) => shardKey(workspace, shard))
  const found: ObservedSession[] = []
  for (const partition of new Set(keys.map((key) => partitionOf(key, partitions)))) {
    const events = await tailOf(deps, { topic: 'access-events', partition }, workspace)
    const sessions = new OpenSessions(deps.sessions)
    for (const { event, offset } of events) {
      await deps.source.follow?.(event, true)
      sessions.observe(event, offset)
    }
    found.push(...sessions.all())
  }
  return found.sort((one, other) => one.lastAccessMs - other.lastAccessMs)
}

async function tailOf(
  { log, codec }: FollowLogDeps,
  partition: TopicPartition,
  workspace: string,
): Promise<readonly Placed[]> {
  const { first, end } = await log.bounds(partition)
  const from = Math.max(first, end - RECORDS_MAX)
  const kept: Placed[] = []
  let [accesses, dropped] = [0, 0]
  if (from >= end) return kept
  for await (const { offset, value } of log.read(partition, from)) {
    const decoded = await codec.decode('access-events', value)
    if (!decoded.ok || decoded.value.workspace !== workspace) continue
    kept.push({ event: decoded.value, offset })
    accesses += decoded.value.accesses.length
    for (; accesses > ACCESSES_MAX; dropped += 1) accesses -= kept[dropped]?.event.accesses.length ?? 0
  }
  return kept.slice(dropped)
}
