import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { MovementExchange } from '../../src/flows/predict/movement-exchange.ts'
import { CacheView } from '../../src/model/prediction/cache-view.ts'
import { SharedMovements } from '../../src/model/prediction/shared-movements.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import type { ModelStoreSubject } from './model-store.contract.ts'

const CAPACITY = 20
const MINUTE_MS = 60_000

/** What moves in one process must be known in the others, on every engine that keeps notes. */
export function describeMovementExchange(name: string, start: () => Promise<ModelStoreSubject>): void {
  describe(`movements of a shared cache: ${name}`, () => {
    let subject: ModelStoreSubject
    let stores: readonly ModelStore[]
    let nowMs = 1_000_000
    let started = 0
    const running: MovementExchange[] = []

    function process(store: ModelStore | undefined) {
      if (store === undefined) throw new Error('the store was not opened')
      const view = new CacheView(CAPACITY, 0)
      started += 1
      const exchange = new MovementExchange({
        ...{ notes: store.notes, logger: SILENT_LOG, clock: { monotonicMs: () => nowMs } },
        ...{ process: `process-${started}`, movements: new SharedMovements(view) },
      })
      running.push(exchange)
      return {
        name: `process-${started}`,
        exchange,
        read: (count: number): number[] => {
          const nodes = Array.from({ length: count }, () => view.allocate())
          for (const node of nodes) view.read(node, nowMs)
          return nodes
        },
        holds: (nodes: readonly number[]): number =>
          nodes.filter((node) => view.age(node) !== Number.POSITIVE_INFINITY).length,
      }
    }
    const exchangeAll = async (...all: { exchange: MovementExchange }[]) => {
      nowMs += 2_000
      for (const { exchange } of [...all, ...all]) await exchange.exchange()
    }
    beforeAll(async () => {
      subject = await start()
      stores = [await subject.open(), await subject.open()]
    })
    afterAll(async () => {
      for (const exchange of running) await exchange.signOff()
      for (const store of stores) await store.close()
      await subject.stop()
    })

    test('what others read pushes out what stood untouched for longest, and reaches one that starts later', async () => {
      const [first, second] = [process(stores[0]), process(stores[1])]
      await exchangeAll(first, second)
      const old = first.read(15)
      second.read(10)
      await exchangeAll(first, second)
      expect(first.holds(old)).toBe(10)
      const later = process(stores[0])
      const own = later.read(15)
      await exchangeAll(later)
      expect(later.holds(own)).toBe(0)
    })

    test('one that missed more than others keep goes on with what they tell last', async () => {
      const [away, teller] = [process(stores[0]), process(stores[1])]
      await exchangeAll(away, teller)
      for (let turn = 0; turn < 100; turn += 1) {
        teller.read(1)
        await teller.exchange.exchange()
      }
      const own = away.read(CAPACITY)
      for (let turn = 0; turn < 5; turn += 1) await exchangeAll(away)
      const left = away.holds(own)
      teller.read(1)
      await exchangeAll(teller, away)
      expect(away.holds(own)).toBe(Math.max(0, left - 1))
    })

    test('one that died is struck off the roll, and its notes go', async () => {
      const [stays, dies] = [process(stores[0]), process(stores[1])]
      dies.read(5)
      await exchangeAll(dies, stays)
      const notesOf = async () => {
        const names: string[] = []
        for await (const chunk of stores[0]?.notes.scan(`cache-movements/1/${dies.name}`) ?? [])
          names.push(...chunk.map(([note]) => note))
        return names
      }
      expect(await notesOf()).toEqual(['0'])
      nowMs += MINUTE_MS
      await exchangeAll(stays)
      expect(await notesOf()).toEqual([])
    })

    test('damaged bytes cost only themselves', async () => {
      const [first, second] = [process(stores[0]), process(stores[1])]
      await exchangeAll(first, second)
      first.read(1)
      await exchangeAll(first, second)
      const group = `cache-movements/1/${first.name}`
      const damaged = [Uint8Array.of(1), Uint8Array.of(0, 0, 0, 1, 77, 3)]
      await stores[0]?.notes.put(
        group,
        damaged.map((value, nth) => ({ name: String(nth + 1), value })),
      )
      const own = second.read(CAPACITY)
      await exchangeAll(second)
      first.read(3)
      await exchangeAll(first)
      await exchangeAll(second)
      first.read(3)
      await exchangeAll(first, second)
      expect(second.holds(own)).toBe(CAPACITY - 3)
    })

    test('a damaged number that is far ahead does not make deaf', async () => {
      const [first, second] = [process(stores[0]), process(stores[1])]
      first.read(1)
      await exchangeAll(first, second)
      const farAhead = Uint8Array.of(127, 0, 0, 1, 1, 0)
      await stores[0]?.notes.put(`cache-movements/1/${first.name}`, [{ name: '1', value: farAhead }])
      await exchangeAll(second)
      for (let turn = 0; turn < 3; turn += 1) {
        first.read(1)
        await first.exchange.exchange()
      }
      await exchangeAll(second)
      const own = second.read(CAPACITY)
      first.read(5)
      await exchangeAll(first, second)
      expect(second.holds(own)).toBe(CAPACITY - 5)
    })
  })
}
