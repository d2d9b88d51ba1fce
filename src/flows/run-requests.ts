/** Runs asked for and ended: what whoever wishes something puts on the log. */
import type { Codec } from '../ports/codec.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { EventLog, Headers } from '../ports/event-log.ts'
import type { RunSummary } from '../ports/runs.ts'
import type { WarmRequest } from '../warming/command.ts'
import type { Strategy } from '../warming/strategy/strategy.ts'

/** Where requests go. */
export type RequestLog = {
  readonly log: { append(...record: Parameters<EventLog['append']>): Promise<unknown> }
  readonly codec: Codec
  /** What travels with the record: the trace that it belongs to. */
  readonly headers?: Headers
}

/** Resolves when the log has the request. Rejects with FW_RECORD_INVALID when it breaks a limit of its record. */
export async function appendRequest(
  { log, codec, headers = new Map() }: RequestLog,
  request: WarmRequest,
): Promise<void> {
  const value = await codec.encode('warm-requests', request)
  await log.append('warm-requests', [{ key: request.workspace, value, headers }])
}

/** The record that ends a run; what has been warmed until then stays. */
export const cancelOf = (
  { workspace, id }: { readonly workspace: string; readonly id: string },
  { by, atMs }: { readonly by: string; readonly atMs: number },
): WarmRequest => ({
  id,
  workspace,
  action: 'cancel',
  strategy: 'cancel',
  revision: null,
  paths: [],
  layers: [],
  requestedAtMs: atMs,
  requestedBy: by,
  deadlineMs: atMs,
  spec: null,
})

/** The strategy of a run that takes up what failed in another one: that one's, where it is still there. */
export function retryOf(former: Pick<RunSummary, 'strategy'>, find: (name: string) => Strategy): Strategy {
  try {
    return find(former.strategy)
  } catch (cause) {
    if (cause instanceof ForewarmError && cause.code === 'FW_STRATEGY_INVALID') return find('default')
    throw cause
  }
}
