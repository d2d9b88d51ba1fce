import { eventSteps, foldEvent, foldOutcome, outcomeSteps, stepRowsMax } from '../../model/fold/fold-event.ts'
import { shortId } from '../../model/identity.ts'
import type { ModelLimits } from '../../model/limits.ts'
import { deletionOf } from '../../model/rows/save.ts'
import { ROWS_PER_APPLY_MAX, type RowWrite } from '../../ports/model-store.ts'
import type { Bucket, HeldShard } from './bucket.ts'
import type { Cursor } from './fence.ts'
import type { Item } from './item.ts'
import type { FoldDeps } from './load-shard.ts'

/** What became of a bucket's records. */
export type Fates = { done: number; skipped: number; parked: number }

/** Folds a bucket's records in order, writing whenever a write is full, and at the end. */
export async function foldItems(deps: FoldDeps, bucket: Bucket, items: readonly Item[]): Promise<Fates> {
  const fates: Fates = { done: 0, skipped: 0, parked: 0 }
  for (const item of items) {
    const cursor = bucket.cursor[item.topic]
    if (item.offset < cursor.next) {
      fates.skipped += 1
      continue
    }
    if (item.kind === 'parked') fates.parked += 1
    else {
      await foldItem(deps, bucket, item)
      fates.done += 1
    }
    move(bucket, item, { next: item.offset + 1, index: 0 })
  }
  await bucket.flush()
  return fates
}

type Foldable = Exclude<Item, { kind: 'parked' }>

const move = (bucket: Bucket, item: Item, cursor: Cursor): void => {
  bucket.cursor = { ...bucket.cursor, [item.topic]: cursor }
}

async function foldItem(deps: FoldDeps, bucket: Bucket, item: Foldable): Promise<void> {
  const cursor = bucket.cursor[item.topic]
  let step = item.offset === cursor.next ? cursor.index : 0
  if (item.kind === 'event' && item.event.forget && step === 0) {
    await forget(deps, bucket, item)
    step = 1
  }
  const steps = item.kind === 'event' ? eventSteps(item.event) : outcomeSteps(item.outcome)
  while (step < steps) {
    const held = await bucket.shard(item.key)
    step = foldSteps(held, item, { from: step, others: bucket.dirtyRows() - held.state.dirty.count + NOTE_ROWS })
    if (step === steps) return
    move(bucket, item, { next: item.offset, index: step })
    await bucket.flush()
  }
}

/** Room for the row that notes a new shard's key. */
const NOTE_ROWS = 1

/** Whether one step fits into one write with these limits. */
export const stepFits = (limits: ModelLimits): boolean => stepRowsMax(limits) + NOTE_ROWS <= ROWS_PER_APPLY_MAX

type StepsFrom = {
  readonly from: number
  /** Rows that its bucket has to write for other shards. */
  readonly others: number
}

function foldSteps({ state }: HeldShard, item: Foldable, { from, others }: StepsFrom): number {
  const progress = { from, rowsMax: ROWS_PER_APPLY_MAX - others }
  // A bucket of many shards: what the others have to write leaves no room for a single step.
  if (others + stepRowsMax(state.limits) > ROWS_PER_APPLY_MAX) return from
  return item.kind === 'event' ? foldEvent(state, item.event, progress) : foldOutcome(state, item.outcome, progress)
}

/** Deletes a shard's rows, as many writes as it takes: all but the last leave the fence before the record. */
async function forget(deps: FoldDeps, bucket: Bucket, item: Foldable): Promise<void> {
  const held = await bucket.shard(item.key)
  if (bucket.cursor[item.topic].next !== item.offset) move(bucket, item, { next: item.offset, index: 0 })
  await bucket.flush()
  const shard = shortId(item.key, deps.sha256Hex)
  let rows: RowWrite[] = []
  for (const group of deletionOf(held.state)) {
    if (rows.length + group.length >= ROWS_PER_APPLY_MAX) {
      await bucket.write(rows)
      rows = []
    }
    for (const row of group) rows.push({ shard, ...row })
  }
  rows.push({ shard, space: 'shards', row: shard, value: null })
  move(bucket, item, { next: item.offset, index: 1 })
  await bucket.write(rows)
  bucket.renew(item.key)
}
