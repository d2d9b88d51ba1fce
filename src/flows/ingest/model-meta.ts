/** What a model is made with; processes that disagree must not write into one model. */
import type { ModelLimits } from '../../model/limits.ts'
import type { ModelMeta } from '../../ports/model-store.ts'

/** Version of the packed rows; other rows need a rebuild. */
const ROWS_VERSION = 3

/** In words, so that a difference can be named. */
export function metaOf(limits: ModelLimits, partitions: number): ModelMeta {
  const words = Object.entries(limits).map(([name, value]) => `${name}=${value}`)
  return { partitions, shards: limits.shards, limits: [`rows=${ROWS_VERSION}`, ...words.sort()].join(' ') }
}

/** How the stored model differs from what is wanted, as a sentence with its mend; null where it does not. */
export function metaMismatch(wanted: ModelMeta, stored: ModelMeta): string | null {
  const there = new Set(stored.limits.split(' '))
  const differing = wanted.limits.split(' ').filter((word) => !there.has(word))
  if (wanted.partitions !== stored.partitions)
    differing.unshift(`partitions=${wanted.partitions} (stored: ${stored.partitions})`)
  return differing.length === 0
    ? null
    : `the stored model was made with other settings than ${differing.join(', ')} (stored: ${stored.limits}): ` +
        'set them back, or use another model version and rebuild'
}
