/** Rows of a model, seeded with those of a shard that was folded, and what processes share of what they learn. */
import fc from 'fast-check'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { eventSteps, foldEvent, foldOutcome, stepRowsMax } from '../../src/model/fold/fold-event.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import { CacheView } from '../../src/model/prediction/cache-view.ts'
import { Precedents } from '../../src/model/prediction/precedents.ts'
import { SharedMovements } from '../../src/model/prediction/shared-movements.ts'
import { SharedWeights } from '../../src/model/prediction/shared-weights.ts'
import { ShardLoader } from '../../src/model/rows/load.ts'
import { RowFormatError } from '../../src/model/rows/row-reader.ts'
import { type ModelRow, takeDirtyRows } from '../../src/model/rows/save.ts'
import { histories, SMALL_LIMITS } from '../support/histories.ts'
import { bytesLike } from './inputs.ts'
import { bytesTarget, holds, refusing, type Target } from './target.ts'

const SESSION = 'one open session'
/** Sequence rows that one session of these limits can have, and no more whatever a damaged row claims. */
const CHUNKS_MAX = Math.ceil(SMALL_LIMITS.sequenceMax / SMALL_LIMITS.sequenceChunk)

/** The model rows of a shard with some history, whose last session is still open. */
function folded(): readonly (ModelRow & { readonly value: Uint8Array })[] {
  const state = new ShardState(SMALL_LIMITS, sha256Hex)
  const rowsMax = 100 * stepRowsMax(SMALL_LIMITS)
  const rows = new Map<string, ModelRow>()
  for (const record of fc.sample(histories('acme/web', 40), { numRuns: 1, seed: 1 })[0] ?? []) {
    if (record.topic === 'warm-outcomes') foldOutcome(state, record.outcome, { from: 0, rowsMax })
    else if (!record.event.forget && eventSteps(record.event) > 0) foldEvent(state, record.event, { from: 0, rowsMax })
    for (const row of takeDirtyRows(state)) rows.set(`${row.space}/${row.row}`, row)
  }
  return [...rows.values()].flatMap(({ space, row, value }) =>
    space === 'model' && value !== null ? [{ space, row, value }] : [],
  )
}

const rows = folded()

/** All rows of a kind, which the first letter of a name tells: they are put into a shard as when a process begins. */
function shardTarget(name: string, kind: string): Target {
  const seeds = rows.filter(({ row }) => row.startsWith(kind))
  const [first] = seeds
  if (first === undefined) throw new Error(`the history makes no row ${kind}`)
  return bytesTarget(`shard: ${name}`, bytesLike(seeds.map(({ value }) => value)), (bytes) =>
    refusing([RowFormatError], () => {
      const loader = new ShardLoader(SMALL_LIMITS, sha256Hex)
      loader.add(first.row, bytes)
      holds(loader.sequenceRows().length <= CHUNKS_MAX, `${SESSION} has no more rows than its bound`)
      loader.finish()
    }),
  )
}

const PLACES = 16
const tables = () => {
  const table = () => ({ weight: new Float32Array(PLACES), evidence: new Float32Array(PLACES) })
  return { form: 7, tables: [table(), table()] }
}

/** Weights of two scorers: one that has learned a little, as bytes. */
function weightSeeds(): readonly Uint8Array[] {
  return [1, 5].map((places) => {
    const scorer = tables()
    for (const { weight, evidence } of scorer.tables) {
      weight.fill(-0.5, 0, places)
      evidence.fill(3, 0, places)
    }
    return new SharedWeights(scorer).changes() ?? new Uint8Array()
  })
}

const weights = bytesTarget('shared weights', bytesLike(weightSeeds()), (bytes) => {
  const scorer = tables()
  const shared = new SharedWeights(scorer)
  const isTaken = refusing([RowFormatError], () => {
    shared.takeIn(bytes)
    return true
  })
  const values = scorer.tables.flatMap(({ weight, evidence }) => [...weight, ...evidence])
  if (isTaken === undefined)
    holds(
      values.every((value) => value === 0),
      'bytes that are refused change nothing',
    )
  holds(values.every(Number.isFinite), 'weights and evidence stay numbers')
  shared.all()
})

function precedentSeeds(): readonly Uint8Array[] {
  return [1, 5].map((steps) => {
    const precedents = new Precedents()
    for (let at = 0; at < steps; at += 1)
      precedents.learn(`src/${at}.py`, { analyzer: 7, workspace: -9, next: `src/${at + 1}.py` })
    return precedents.changes() ?? new Uint8Array()
  })
}

const precedentsTarget = bytesTarget('precedents', bytesLike(precedentSeeds()), (bytes) => {
  const precedents = new Precedents()
  const isTaken = refusing([RowFormatError], () => {
    precedents.takeIn(bytes)
    return true
  })
  const whole = precedents.all()
  if (isTaken === undefined) holds(whole === null, 'bytes that are refused change nothing')
  if (whole !== null) new Precedents().takeIn(whole)
})

function movementSeeds(): readonly Uint8Array[] {
  return [1, 5].map((count) => {
    const view = new CacheView(3, 0)
    const movements = new SharedMovements(view)
    const nodes = Array.from({ length: count }, () => view.allocate())
    for (const node of nodes) view.read(node, 0)
    view.drop(nodes[0] ?? 0)
    return movements.changes() ?? new Uint8Array()
  })
}

const movementsTarget = bytesTarget('movements of the cache', bytesLike(movementSeeds()), (bytes) => {
  const view = new CacheView(3, 0)
  const movements = new SharedMovements(view)
  const isTaken = refusing([RowFormatError], () => {
    movements.takeIn('other', bytes)
    return true
  })
  if (isTaken === undefined) holds(view.moves === 0, 'bytes that are refused change nothing')
  holds(movements.changes() === null, 'what others have told is not told again')
})

/** All of them. */
export const modelTargets: readonly Target[] = [
  shardTarget('file', 'f'),
  shardTarget('open session', 's'),
  shardTarget('closed sessions', 'c'),
  shardTarget('profile', 'a'),
  shardTarget('header', 'h'),
  weights,
  precedentsTarget,
  movementsTarget,
]
