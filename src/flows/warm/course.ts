import { ForewarmError } from '../../ports/errors.ts'
import type { Layer } from '../../ports/layer.ts'
import type { Origin } from '../../ports/origin.ts'
import type { ByteBudget } from '../../warming/byte-budget.ts'
import type { CommandFile, WarmCommand } from '../../warming/command.ts'
import { ended, type FileResult, skipped } from '../../warming/decide.ts'
import type { Gate } from './gate.ts'
import type { CommandPlaces } from './places.ts'
import { Refused } from './refused.ts'

/** A command being carried out. */
export type Course = {
  readonly command: WarmCommand
  readonly origin: Origin
  readonly budget: ByteBudget
  readonly gate: Gate
  /** Since when the imports of a tree that may change must have been looked at. */
  readonly graphSinceMs: number
  readonly places: CommandPlaces
  readonly traceparent: string | null
  readonly signal: AbortSignal
  readonly results: Map<number, Finished>
}

export type Finished = FileResult & { readonly finishedAtMs: number }

/** A file that the command alone does not settle, with its place in the command. */
export type OpenFile = { readonly index: number; readonly file: CommandFile; readonly layer: Layer }

/** Why the signal of a command is aborted when its time is over, and not because the worker stops. */
export const DEADLINE = new Error('the deadline of the command has passed')

/** Turns the end of the command's time, what was refused, and a cache that is away into the result of a file. */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result | FileResult> {
  try {
    return await work()
  } catch (error) {
    if (error === DEADLINE) return skipped('deadline')
    if (error instanceof Refused) return skipped(error.reason)
    if (!(error instanceof ForewarmError)) throw error
    if (error.code === 'FW_CACHE_UNAVAILABLE') return ended('failed', 'cache')
    // No room for a value is none for a lease or a budget either.
    if (error.code === 'FW_CACHE_FULL') return skipped('pressure')
    throw error
  }
}

/** Keys asked for in one call to the cache. */
const KEYS_PER_CALL = 256

/** Cuts a list into parts that one call to the cache takes. */
export function* inCalls<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let at = 0; at < items.length; at += KEYS_PER_CALL) yield items.slice(at, at + KEYS_PER_CALL)
}
