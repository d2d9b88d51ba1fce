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

export async function publishEvents(deps: PublishDeps, events: readonly AccessEvent[]): Promise<Accepted> {
  const records = await Promise.all(
    events.map(async (event) => ({
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
  const value = await deps.codec.encode('access-events', changeEvent(workspace, changes))
  const headers = traceHeaders(deps.telemetry)
  const records: OutgoingRecord[] = Array.from({ length: deps.shards }, (_, shard) => ({
    key: shardKey(workspace, shard),
    value,
    headers,
  }))
  return { accepted: changes.length, records: await deps.appender.append('access-events', records) }
}

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
