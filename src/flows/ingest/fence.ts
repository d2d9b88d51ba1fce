import { ForewarmError } from '../../ports/errors.ts'

/** The topics that ingest folds; partitions with the same number of both belong together. */
export type IngestTopic = 'access-events' | 'warm-outcomes'

export const INGEST_TOPICS: readonly IngestTopic[] = ['access-events', 'warm-outcomes']

/** The next record of a topic to fold, and how many of its steps are folded already. */
export type Cursor = { readonly next: number; readonly index: number }

/** How far both topics are contained in a bucket. */
export type Fence = Record<IngestTopic, Cursor>

/**
 * `<next>.<index>/<next>.<index>/<mark>`: access-events, then warm-outcomes, then the mark of the one write that left it.
 * The mark makes every fence unlike all others, so that a store that lost writes and was written anew up to the same
 * offsets is never taken for the one that this process read.
 */
export const formatFence = (fence: Fence, mark: string): string =>
  [...INGEST_TOPICS.map((topic) => `${fence[topic].next}.${fence[topic].index}`), mark].join('/')

const FENCE = /^(\d{1,16})\.(\d{1,9})\/(\d{1,16})\.(\d{1,9})\/[\w-]+$/

/** Reads how far what `formatFence` wrote is. */
export function parseFence(text: string): Fence {
  const match = FENCE.exec(text)
  if (match === null) {
    throw new ForewarmError(
      'FW_MODEL_MISMATCH',
      `the model store holds a fence that this version does not know (${JSON.stringify(text.slice(0, 80))}): rebuild the model`,
    )
  }
  const [accesses = 0, accessIndex = 0, outcomes = 0, outcomeIndex = 0] = match.slice(1).map(Number)
  return {
    'access-events': { next: accesses, index: accessIndex },
    'warm-outcomes': { next: outcomes, index: outcomeIndex },
  }
}

/** Below zero when `one` is less far than `other`. */
export const compareCursors = (one: Cursor, other: Cursor): number => one.next - other.next || one.index - other.index
