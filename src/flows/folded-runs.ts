import type { AnswerChunk } from '../model/fold/answers.ts'
import { foldedFile, foldedRun, type Run } from '../model/fold/run.ts'
import { newOutcomeTally, type OutcomeTally, SEEN_OUTCOMES } from '../model/fold/tallies.ts'
import { bucketOf, type Sha256Hex, shardKey, shortId } from '../model/identity.ts'
import type { ModelLimits } from '../model/limits.ts'
import { answersRow, decodeAnswers, decodeMinutes, decodeRun } from '../model/rows/run-rows.ts'
import type { FoldedRuns } from '../ports/model-reader.ts'
import type { ModelStore, RowAddress } from '../ports/model-store.ts'

export type FoldedRunsDeps = {
  readonly store: Pick<ModelStore, 'get'>
  readonly sha256Hex: Sha256Hex
  readonly limits: ModelLimits
}

/** All commands of runs name this shard, so their outcomes are folded there. */
const RUNS_SHARD = 0

/** Reads the rows that ingest keeps of runs, each time anew. */
export function createFoldedRuns(deps: FoldedRunsDeps): FoldedRuns {
  return {
    async run(workspace, id) {
      const found = await readRun(deps, { workspace, id }, [])
      return found === null ? null : foldedRun(found.run)
    },
    async runFiles(run, from, count) {
      const { runChunk } = deps.limits
      const places = Array.from({ length: count }, (_, at) => from + at)
      const found = await readRun(deps, run, [...new Set(places.map((place) => Math.floor(place / runChunk)))])
      return places.map((place) => {
        const chunk = found?.chunks.get(Math.floor(place / runChunk))
        return found === null || chunk === undefined ? null : foldedFile(found.run, chunk, place % runChunk)
      })
    },
    async minutes(workspace) {
      const shards = Array.from({ length: deps.limits.shards }, (_, shard) => addressOf(deps, workspace, shard))
      const rows = await Promise.all(shards.map((address) => deps.store.get(address, ['m'])))
      const found = rows.flatMap(([bytes]) => (bytes == null ? [] : [decodeMinutes(bytes).minutes]))
      return addedUp(found)
    },
  }
}

type FoundRun = { readonly run: Run; readonly chunks: ReadonlyMap<number, AnswerChunk> }

/** Run and chunks in one call, so that the words of the one fit the others. A run that is leaving has no chunks. */
async function readRun(
  deps: FoldedRunsDeps,
  { workspace, id }: { readonly workspace: string; readonly id: string },
  numbers: readonly number[],
): Promise<FoundRun | null> {
  const short = shortId(id, deps.sha256Hex)
  const names = [`r${short}`, ...numbers.map((number) => answersRow(short, number))]
  const [row, ...answers] = await deps.store.get(addressOf(deps, workspace, RUNS_SHARD), names)
  if (row == null) return null
  const run = decodeRun(row)
  const chunks = new Map<number, AnswerChunk>()
  for (const [at, bytes] of answers.entries()) {
    const number = numbers[at]
    if (bytes === null || number === undefined || run.leaving) continue
    chunks.set(number, decodeAnswers(bytes, deps.limits.runChunk))
  }
  return { run, chunks }
}

function addressOf({ sha256Hex }: FoldedRunsDeps, workspace: string, shard: number): RowAddress {
  const key = shardKey(workspace, shard)
  return { bucket: bucketOf(key), shard: shortId(key, sha256Hex), space: 'model' }
}

function addedUp(shards: readonly ReadonlyMap<number, OutcomeTally>[]): ReadonlyMap<number, OutcomeTally> {
  const sums = new Map<number, OutcomeTally>()
  for (const [minute, tally] of shards.flatMap((minutes) => [...minutes])) {
    const sum = sums.get(minute) ?? newOutcomeTally()
    for (const outcome of SEEN_OUTCOMES) sum[outcome] += tally[outcome]
    sums.set(minute, sum)
  }
  return sums
}
