import { ForewarmError } from '../../ports/errors.ts'
import type { Layer, LayerProducer } from '../../ports/layer.ts'
import type { Origin } from '../../ports/origin.ts'
import type { ByteBudget } from '../../warming/byte-budget.ts'
import type { CommandFile } from '../../warming/command.ts'
import { ended, type FileResult, skipped } from '../../warming/decide.ts'
import type { LayerName } from '../../warming/layers.ts'
import type { Gate } from './gate.ts'
import type { GovernedSlots } from './governed-slots.ts'

/** One file on its way. */
export type FileTask = {
  readonly commandId: string
  /** Whether the command is a prediction. */
  readonly predicted: boolean
  readonly workspace: string
  readonly revision: string | null
  readonly file: CommandFile
  readonly layer: Layer
  readonly origin: Origin
  /** Since when the imports of a tree that may change must have been looked at. */
  readonly graphSinceMs: number
  /** Where the time of its reads is noted. */
  readonly originSlots: GovernedSlots
  readonly budget: ByteBudget
  readonly gate: Gate
  /** Another version of the file that the cache holds; null where there is none or nobody asks. */
  readonly formerVersion: string | null
  readonly traceparent: string | null
  /** Aborted at the command's deadline and when the worker stops. */
  readonly signal: AbortSignal
  /** Says that the origin is at work until this settles, also when nobody waits for its answer any more. */
  readonly occupied: (work: Promise<unknown>) => void
}

/** A file whose value is made of its bytes alone. */
export type ProducerTask = FileTask & { readonly layer: LayerProducer }

/** Names a value but for its version. */
export type ValueOf = Pick<FileTask, 'workspace'> & {
  readonly file: Pick<CommandFile, 'path'>
  readonly layer: LayerName
}

export const nameOf = ({ workspace, file, layer }: ValueOf) => ({
  workspace,
  layer: layer.name,
  producerVersion: layer.version,
  path: file.path,
})

/** Rejects with the signal's reason; failures of origin and cache become results. */
export async function orFailure<Result>(task: FileTask, work: () => Promise<Result>): Promise<Result | FileResult> {
  try {
    return await work()
  } catch (error) {
    task.signal.throwIfAborted()
    if (!(error instanceof ForewarmError)) throw error
    if (error.code === 'FW_ORIGIN_UNAVAILABLE') return ended('failed', 'origin')
    if (error.code === 'FW_CACHE_UNAVAILABLE') return ended('failed', 'cache')
    if (error.code === 'FW_CACHE_FULL') return skipped('pressure')
    throw error
  }
}
