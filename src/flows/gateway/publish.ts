/** Accesses and changes on their way to the log. */
import type { AccessEvent, Change } from '../../model/access.ts'
import { shardKey, shardOf } from '../../model/identity.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Codec } from '../../ports/codec.ts'
import type { OutgoingRecord } from '../../ports/event-log.ts'
import type { Accepted } from '../../ports/gateway.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import type { BoundedAppender } from './append.ts'

export type PublishDeps = {
  readonly appender: BoundedAppender
  readonly codec: Codec
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** A fresh random id. */
  readonly newId: () => string
  /** Shards of one workspace. */
  readonly shards: number
}

/** Name of the session and the analyzer under which a workspace's changes travel. */
const CHANGES = 'changes'

/** Accesses, or changes, of one record: with the longest paths it is still one that brokers take. */
const ITEMS_MAX = 500

/**
 * Appends accesses, in records that brokers take, each to the partition of its session; resolves once they are durable.
 */
export async function publishEvents(deps: PublishDeps, events: readonly AccessEvent[]): Promise<Accepted> {
  const records = await Promise.all(
    events.flatMap(partsOf).map(async (event) => ({
      key: shardKey(event.workspace, shardOf(event.session, deps.shards)),
      value: await deps.codec.encode('access-events', event),
      headers: traceHeaders(deps.telemetry),
    })),
  )
  const accepted = events.reduce((sum, event) => sum + event.accesses.length, 0)
  return { accepted, records: await deps.appender.append('access-events', records) }
}

/** Changes go to every shard of the workspace: each keeps the current versions of the files it knows. */
export async function publishChanges(
  deps: PublishDeps,
  workspace: string,
  changes: readonly Change[],
): Promise<Accepted> {
  const parts = chunksOf(changes).map((part) => deps.codec.encode('access-events', changeEvent(workspace, part)))
  const values = await Promise.all(parts)
  const headers = traceHeaders(deps.telemetry)
  const records: OutgoingRecord[] = Array.from({ length: deps.shards }, (_, shard) =>
    shardKey(workspace, shard),
  ).flatMap((key) => values.map((value) => ({ key, value, headers })))
  return { accepted: changes.length, records: await deps.appender.append('access-events', records) }
}

/** What a request says of a session as records; numbered accesses keep their numbers, and the last one ends it. */
function partsOf(event: AccessEvent): readonly AccessEvent[] {
  const parts = chunksOf(event.accesses)
  return parts.map((accesses, at) => ({
    ...event,
    accesses,
    sequence: event.sequence + at * ITEMS_MAX,
    sessionEnded: event.sessionEnded && at === parts.length - 1,
  }))
}

/** One at least, also of nothing. */
const chunksOf = <Item>(items: readonly Item[]): readonly (readonly Item[])[] =>
  Array.from({ length: Math.max(1, Math.ceil(items.length / ITEMS_MAX)) }, (_, at) =>
    items.slice(at * ITEMS_MAX, (at + 1) * ITEMS_MAX),
  )

const changeEvent = (workspace: string, changes: readonly Change[]): AccessEvent => ({
  workspace,
  session: CHANGES,
  analyzer: CHANGES,
  revision: null,
  publisher: '',
  sequence: 0,
  sessionEnded: false,
  forget: false,
  accesses: [],
  changes,
})

/** The trace that a record belongs to. */
export function traceHeaders(telemetry: Telemetry): ReadonlyMap<string, string> {
  const traceparent = telemetry.current()
  return new Map(traceparent === null ? [] : [['traceparent', traceparent]])
}
