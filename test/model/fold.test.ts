import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { dumpFiles, dumpShard } from '../../src/model/dump.ts'
import { eventSteps, foldEvent, foldOutcome, stepRowsMax } from '../../src/model/fold/fold-event.ts'
import { ShardState } from '../../src/model/fold/shard-state.ts'
import { ShardLoader } from '../../src/model/rows/load.ts'
import { deletionOf, type ModelRow, takeDirtyRows } from '../../src/model/rows/save.ts'
import { type HistoryRecord, histories, SMALL_LIMITS } from '../support/histories.ts'
import { Oracle } from '../support/oracle.ts'

const ROWS_MAX = stepRowsMax(SMALL_LIMITS) + 6

/** A shard with its store: what every test below folds with. */
class Stored {
  state = new ShardState(SMALL_LIMITS, sha256Hex)
  readonly rows = new Map<string, Uint8Array>()
  /** Largest number of rows of one write. */
  largest = 0

  fold(record: HistoryRecord): void {
    if (record.topic === 'warm-outcomes') {
      const { outcome } = record
      for (let from = 0; from < outcome.files.length; this.save()) {
        from = foldOutcome(this.state, outcome, { from, rowsMax: ROWS_MAX })
      }
      return
    }
    const { event } = record
    if (event.forget) this.forget()
    for (let from = Number(event.forget); from < eventSteps(event); this.save()) {
      from = foldEvent(this.state, event, { from, rowsMax: ROWS_MAX })
    }
  }

  forget(): void {
    this.save()
    this.put(deletionOf(this.state).flat())
    this.state = new ShardState(SMALL_LIMITS, sha256Hex)
  }

  save(): void {
    const rows = takeDirtyRows(this.state)
    this.largest = Math.max(this.largest, rows.length)
    this.put(rows)
  }

  put(rows: readonly ModelRow[]): void {
    for (const { space, row, value } of rows) {
      if (value === null) this.rows.delete(`${space}/${row}`)
      else this.rows.set(`${space}/${row}`, value)
    }
  }

  reload(): void {
    this.save()
    const loader = new ShardLoader(SMALL_LIMITS, sha256Hex)
    const model = [...this.rows].filter(([name]) => name.startsWith('model/'))
    for (const [name, bytes] of model.reverse()) loader.add(name.slice('model/'.length), bytes)
    loader.addSequences(loader.sequenceRows().map((row) => this.rows.get(`sequences/${row}`) ?? null))
    this.state = loader.finish()
  }
}

const byPath = (files: Iterable<{ path: string }>): Map<string, unknown> =>
  new Map([...files].map((file) => [file.path, file]))

const bytesOf = (rows: Map<string, Uint8Array>): string[] =>
  [...rows].map(([name, bytes]) => `${name} ${Buffer.from(bytes).toString('hex')}`).sort()

const sorted = <Item>(items: readonly Item[]): Item[] =>
  [...items].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))

const unordered = (dump: ReturnType<typeof dumpShard>) => ({
  ...dump,
  profiles: sorted(dump.profiles),
  settlements: sorted(dump.settlements),
})

describe('the fold', () => {
  test('counts what an independent reading of docs/model.md counts, on random histories', () => {
    fc.assert(
      fc.property(histories('w', 40), (records) => {
        const stored = new Stored()
        const oracle = new Oracle(SMALL_LIMITS)
        for (const record of records) {
          stored.fold(record)
          if (record.topic === 'access-events') oracle.event(record.event)
          else oracle.outcome(record.outcome)
        }
        expect(byPath(dumpFiles(stored.state))).toEqual(byPath(oracle.dumpFiles()))
        expect(unordered(dumpShard(stored.state))).toEqual(unordered(oracle.dumpShard()))
      }),
      { numRuns: 1_500 },
    )
  })

  test('goes on from its rows as if it had never stopped, to the last byte, wherever it is cut', () => {
    fc.assert(
      fc.property(histories('w', 40), fc.array(fc.nat(39), { maxLength: 4 }), (records, cuts) => {
        const whole = new Stored()
        const cut = new Stored()
        for (const [at, record] of records.entries()) {
          whole.fold(record)
          cut.fold(record)
          if (cuts.includes(at)) cut.reload()
        }
        expect(bytesOf(cut.rows)).toEqual(bytesOf(whole.rows))
        cut.reload()
        expect(unordered(dumpShard(cut.state))).toEqual(unordered(dumpShard(whole.state)))
        expect([...dumpFiles(cut.state)]).toEqual([...dumpFiles(whole.state)])
      }),
      { numRuns: 3_000 },
    )
  })

  test('never dirties more rows in one step than it says', () => {
    fc.assert(
      fc.property(histories('w', 40), (records) => {
        const stored = new Stored()
        for (const record of records) stored.fold(record)
        expect(stored.largest).toBeLessThanOrEqual(ROWS_MAX)
      }),
      { numRuns: 500 },
    )
  })

  test('leaves no row behind when it forgets', () => {
    fc.assert(
      fc.property(histories('w', 30), (records) => {
        const stored = new Stored()
        for (const record of records) stored.fold(record)
        stored.forget()
        expect([...stored.rows.keys()]).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})
