import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { dumpShard, type RunDump } from '../../src/model/dump.ts'
import { foldOutcome, stepRowsMax } from '../../src/model/fold/fold-event.ts'
import { foldedRun } from '../../src/model/fold/run.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import type { ModelLimits } from '../../src/model/limits.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'
import { takeDirtyRows } from '../../src/model/rows/save.ts'
import { SMALL_LIMITS } from '../support/histories.ts'
import { Oracle } from '../support/oracle.ts'
import { runOutcomes } from '../support/run-outcomes.ts'

/** Runs of many rows, so that to remove one takes several steps. */
const LIMITS: ModelLimits = { ...SMALL_LIMITS, runsMax: 6, runDetailsMax: 3, runChunk: 1, runChunksMax: 200 }

/** Folds as ingest does: as many files at once as a write has room for. */
function fold(state: ShardState, one: WarmOutcome, written: (rows: number) => void): void {
  for (let from = 0; from < one.files.length; ) {
    from = foldOutcome(state, one, { from, rowsMax: stepRowsMax(LIMITS) })
    written(takeDirtyRows(state).length)
  }
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0)

describe('the runs of a shard', () => {
  test('are what an independent reading of docs/model.md says, also while old ones leave', () => {
    const met = { leaving: 0, gone: 0, refused: 0, checked: 0, otherWord: 0 }
    fc.assert(
      fc.property(runOutcomes, (records) => {
        const state = new ShardState(LIMITS, sha256Hex)
        const oracle = new Oracle(LIMITS)
        let largest = 0
        for (const record of records) {
          fold(state, record, (rows) => {
            largest = Math.max(largest, rows)
          })
          oracle.outcome(record)
          if ([...state.runs.values()].some(({ leaving, chunks }) => leaving && chunks.size > 0)) met.leaving += 1
        }
        const chunks = [...state.runs.values()].map((run) => run.chunks.size)
        expect(state.weight - state.fileCount).toBe(4 * sum(chunks))
        expect(largest).toBeLessThanOrEqual(stepRowsMax(LIMITS))
        const { runs } = dumpShard(state)
        expect(runs).toEqual(oracle.dumpShard().runs)
        met.gone += state.runsStarted - runs.length
        met.refused += state.report.repeated
        met.checked += sum(runs.flatMap(({ ends }) => endsLike(ends, /^\w.* \+ \w/)))
        met.otherWord += sum(runs.flatMap(({ ends }) => endsLike(ends, /other/)))
      }),
      { numRuns: 120 },
    )
    for (const [what, count] of Object.entries(met)) expect(count, what).toBeGreaterThan(0)
  })

  test('count each place once: the counts add up to the answers that are kept', () => {
    fc.assert(
      fc.property(runOutcomes, (records) => {
        const state = new ShardState(LIMITS, sha256Hex)
        for (const record of records) {
          fold(state, record, () => {})
          for (const run of dumpShard(state).runs) if (run.kept) addsUp(run)
          for (const run of state.runs.values()) {
            const { ends, warm, check } = foldedRun(run)
            const files = (list: readonly { files: number }[]): number => sum(list.map((one) => one.files))
            expect(files(warm)).toBe(files(ends.filter((end) => end.warm !== null)))
            expect(files(check)).toBe(files(ends.filter((end) => end.check !== null)))
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('never change an answer that was given', () => {
    fc.assert(
      fc.property(runOutcomes, (records) => {
        const state = new ShardState({ ...LIMITS, runsMax: 20, runDetailsMax: 20, runChunksMax: 1_000 }, sha256Hex)
        const before = new Map<string, string>()
        for (const record of records) {
          fold(state, record, () => {})
          for (const { run, files } of dumpShard(state).runs) {
            for (const [place, line] of Object.entries(files)) {
              const [warm, check] = line.split(' + ')
              for (const [mode, text] of [
                ['warm', warm],
                ['check', check?.split(' ')[0]],
              ]) {
                if (text === undefined || text === '-') continue
                expect(before.get(`${run} ${place} ${mode}`) ?? text).toBe(text)
                before.set(`${run} ${place} ${mode}`, text)
              }
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

function addsUp({ ends, files }: RunDump): void {
  const counted = new Map<string, number>()
  for (const line of Object.values(files)) {
    const end = line.split(' ').slice(0, 3).join(' ')
    counted.set(end, (counted.get(end) ?? 0) + 1)
  }
  expect(new Map(Object.entries(ends))).toEqual(counted)
}

const endsLike = (ends: Readonly<Record<string, number>>, pattern: RegExp): number[] =>
  Object.entries(ends).flatMap(([end, files]) => (pattern.test(end) ? [files] : []))
