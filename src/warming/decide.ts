/** How the files of a warm command end, as far as it can be said without asking anybody. */
import type { WarmOutcomeKind } from '../model/outcome.ts'
import type { CommandFile, WarmCommand } from './command.ts'
import type { LayerNames } from './layers.ts'
import { pathDenial } from './path.ts'

/** What became of one file; `version` and `bytes` as in WarmedFile. */
export type FileResult = {
  readonly outcome: WarmOutcomeKind
  readonly detail: string
  readonly version: string | null
  readonly bytes: number
}

/** Why a file was not warmed on purpose. */
export type SkipReason =
  | 'pressure'
  | 'deadline'
  | 'limit'
  | 'size'
  | 'held'
  | 'layer'
  | 'workspace'
  | 'paused'
  | 'language'
  | 'closure'

export const skipped = (detail: SkipReason): FileResult => ended('skipped', detail)

/** A file for which nothing was put and no version reached. */
export const ended = (outcome: WarmOutcomeKind, detail = ''): FileResult => ({
  outcome,
  detail,
  version: null,
  bytes: 0,
})

/** The result of a file that needs no look at the cache, or null. The control group comes first: it is never touched. */
export function settledByCommand(file: CommandFile, layers: LayerNames): FileResult | null {
  if (file.control) return ended('control')
  const denial = pathDenial(file.path)
  if (denial !== null) return ended('denied', denial)
  const layer = layers.get(file.layer)
  if (layer === undefined) return skipped('layer')
  return layer.handles?.(file.path) === false ? skipped('language') : null
}

export type Circumstances = {
  readonly nowMs: number
  /** Share of the cache held by live entries, 0..1. */
  readonly pressure: number
  /** Whether warming of the command's workspace is paused. */
  readonly paused: boolean
  /** Bytes that the command may still bring in. */
  readonly leftBytes: number
}

/** Why a file that is not in the cache is not to be begun now, or null when it is. */
export function reasonToSkip(command: WarmCommand, now: Circumstances): SkipReason | null {
  if (now.paused) return 'paused'
  if (now.nowMs >= command.deadlineMs) return 'deadline'
  if (now.pressure >= command.pressureMax) return 'pressure'
  return now.leftBytes <= 0 ? 'limit' : null
}
