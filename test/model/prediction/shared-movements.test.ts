import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CacheView } from '../../../src/model/prediction/cache-view.ts'
import { SharedMovements } from '../../../src/model/prediction/shared-movements.ts'
import { RowFormatError } from '../../../src/model/rows/row-reader.ts'

const CAPACITY = 5
const FILES = 8

type Operation = { readonly process: number; readonly file: number; readonly does: 'read' | 'warm' | 'drop' }

const operations = fc.array(
  fc.record<Operation>({
    process: fc.nat({ max: 2 }),
    file: fc.nat({ max: FILES - 1 }),
    does: fc.constantFrom('read', 'read', 'warm', 'drop'),
  }),
  { maxLength: 200 },
)

function believer() {
  const view = new CacheView(CAPACITY, 0)
  return { view, movements: new SharedMovements(view), nodes: Array.from({ length: FILES }, () => view.allocate()) }
}

function apply(view: CacheView, node: number, { does }: Operation): void {
  if (does === 'read') view.read(node, 0)
  else if (does === 'warm') view.warm(node)
  else view.drop(node)
}

const tell = (from: string, one: SharedMovements, others: readonly SharedMovements[]): void => {
  const bytes = one.changes()
  if (bytes !== null) for (const other of others) other.takeIn(from, bytes)
}

describe('processes that share a cache', () => {
  test('believe together what one process would believe alone', () => {
    fc.assert(
      fc.property(operations, (all) => {
        const processes = [believer(), believer(), believer()]
        const alone = new CacheView(CAPACITY, 0)
        const nodes = processes.map(() => Array.from({ length: FILES }, () => alone.allocate()))
        for (const operation of all) {
          const own = processes[operation.process]
          if (own === undefined) continue
          apply(own.view, own.nodes[operation.file] ?? 0, operation)
          apply(alone, nodes[operation.process]?.[operation.file] ?? 0, operation)
          const others = processes.filter((one) => one !== own).map(({ movements }) => movements)
          tell(String(operation.process), own.movements, others)
        }
        for (const [nth, { view, nodes: own }] of processes.entries()) {
          const isThere = (of: CacheView, node: number) => of.age(node) !== Number.POSITIVE_INFINITY
          expect(own.map((node) => isThere(view, node))).toEqual(nodes[nth]?.map((node) => isThere(alone, node)))
          expect(view.residence).toBeCloseTo(alone.residence, 9)
        }
      }),
    )
  })

  test('take the time that warms are on their way in movements of all', () => {
    const [quiet, busy] = [believer(), believer()]
    for (const { view } of [quiet, busy]) view.latencyMs = 100
    for (let nth = 0; nth < 2_000; nth += 1) {
      busy.view.read(busy.nodes[nth % FILES] ?? 0, nth * 10)
      if (nth % 4 !== 3) continue
      tell('busy', busy.movements, [quiet.movements])
      quiet.view.read(quiet.nodes[nth % FILES] ?? 0, nth * 10)
    }
    // Ten milliseconds between two reads of the one, eight between two of all.
    expect(busy.view.latencyMoves).toBeCloseTo(5, 0)
    expect(quiet.view.latencyMoves).toBeCloseTo(5, 0)
  })

  test('do not tell what is history', () => {
    const { view, movements, nodes } = believer()
    movements.isSilent = true
    view.read(nodes[0] ?? 0, 0)
    movements.isSilent = false
    expect(movements.changes()).toBeNull()
    view.read(nodes[0] ?? 0, 0)
    expect(movements.changes()).not.toBeNull()
    expect(movements.changes()).toBeNull()
  })

  test('hold what one that is gone has told until its turn to leave, and no longer', () => {
    const [stays, goes] = [believer(), believer()]
    for (const node of goes.nodes.slice(0, 3)) goes.view.read(node, 0)
    tell('goes', goes.movements, [stays.movements])
    stays.movements.leave('goes')
    for (const node of stays.nodes.slice(0, 4)) stays.view.read(node, 0)
    expect(stays.view.isFull).toBe(true)
    stays.view.read(stays.nodes[4] ?? 0, 0)
    expect(stays.nodes.slice(0, 5).every((node) => stays.view.age(node) <= 1)).toBe(true)
  })

  test('change nothing by bytes that cannot be read', () => {
    const { view, movements, nodes } = believer()
    for (const node of nodes.slice(0, CAPACITY)) view.read(node, 0)
    for (const bytes of [Uint8Array.of(9), Uint8Array.of(1, 200), Uint8Array.of(1, 2, 0)])
      expect(() => movements.takeIn('other', bytes)).toThrow(RowFormatError)
    expect(nodes.slice(0, CAPACITY).every((node) => view.age(node) <= 1)).toBe(true)
  })
})
