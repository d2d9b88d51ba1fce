/** The order of a plan: what was asked for first, then what it imports, then what is likeliest. */
import { NEAR_DEPTH } from './batch-size.ts'
import { PLAN_ENTRIES_MAX, type PlanEntry } from './plan.ts'

/** A file that is to be warmed, before its layers are. */
export type PlannedPath = Omit<PlanEntry, 'layer'>

export type OrderedPlan = {
  readonly entries: readonly PlanEntry[]
  readonly filesWithin: number
  readonly filesNear: number
}

/**
 * One entry a path and layer: priority files in the order given, then by depth, then by probability. Of a path that is
 * named twice the first one by that order stays. `filesMax` bounds paths, 0 does not; entries beyond it stay in the plan
 * and are never warmed. Throws RangeError when there are more entries than a plan may have.
 */
export function orderPlan(
  paths: Iterable<PlannedPath>,
  { layers, filesMax }: { readonly layers: readonly string[]; readonly filesMax: number },
): OrderedPlan {
  const sorted = [...paths].sort((a, b) => a.depth - b.depth || (a.depth === 0 ? 0 : b.probability - a.probability))
  const first = new Map<string, PlannedPath>()
  for (const file of sorted) if (!first.has(file.path)) first.set(file.path, file)
  if (first.size * layers.length > PLAN_ENTRIES_MAX) {
    throw new RangeError(`the plan has ${first.size} files in ${layers.length} layers; ${PLAN_ENTRIES_MAX} are allowed`)
  }
  const files = [...first.values()]
  const entries = files.flatMap((file) => layers.map((layer) => ({ ...file, layer })))
  const near = files.findIndex(({ depth }) => depth > NEAR_DEPTH)
  return {
    entries,
    filesWithin: Math.min(entries.length, filesMax === 0 ? entries.length : filesMax * layers.length),
    filesNear: (near === -1 ? files.length : near) * layers.length,
  }
}
