/** The order of a plan: what was asked for first, then what it imports, then what is likeliest. */
import { NEAR_DEPTH } from './batch-size.ts'
import type { PlanEntry } from './plan.ts'

/** A file that is to be warmed, before its layers are. */
export type PlannedPath = Omit<PlanEntry, 'layer'>

export type OrderedPlan = {
  readonly entries: readonly PlanEntry[]
  readonly filesWithin: number
  readonly filesNear: number
}

export type OrderOptions = {
  readonly layers: readonly string[]
  /** Paths that are warmed; 0 for no bound. */
  readonly filesMax: number
  /** Entries of the plan at most. */
  readonly entriesMax: number
  /** Whether files of this path have a value in the layer at all; no run plans one that they cannot have. */
  readonly hasValue: (path: string, layer: string) => boolean
}

/**
 * One entry a path and layer: priority files in the order given, then by depth, then by probability. Of a path that is
 * named twice the first one by that order stays. Entries beyond `filesMax` stay in the plan and are never warmed.
 * Throws RangeError when there are more entries than a plan may have.
 */
export function orderPlan(paths: Iterable<PlannedPath>, options: OrderOptions): OrderedPlan {
  const { layers, filesMax, entriesMax, hasValue } = options
  const sorted = [...paths].sort((a, b) => a.depth - b.depth || (a.depth === 0 ? 0 : b.probability - a.probability))
  const first = new Map<string, PlannedPath>()
  for (const file of sorted) if (!first.has(file.path)) first.set(file.path, file)
  if (first.size * layers.length > entriesMax) {
    throw new RangeError(`the plan has ${first.size} files in ${layers.length} layers; ${entriesMax} are allowed`)
  }
  const inLayers = (file: PlannedPath) =>
    layers.filter((layer) => hasValue(file.path, layer)).map((layer) => ({ ...file, layer }))
  const files = [...first.values()].map(inLayers)
  return boundPlan(files.flat(), files.slice(0, filesMax === 0 ? files.length : filesMax).flat().length)
}

/** Entries in order with what of them is warmed at all, and what also while memory is nearly full. */
export function boundPlan(entries: readonly PlanEntry[], entriesMax: number): OrderedPlan {
  const near = entries.findIndex(({ depth }) => depth > NEAR_DEPTH)
  return {
    entries,
    filesWithin: Math.min(entries.length, entriesMax),
    filesNear: near === -1 ? entries.length : near,
  }
}
