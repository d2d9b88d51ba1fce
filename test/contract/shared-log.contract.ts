import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { SharedLog } from '../../src/flows/predict/shared-log.ts'
import { Precedents } from '../../src/model/prediction/precedents.ts'
import { SharedWeights } from '../../src/model/prediction/shared-weights.ts'
import type { NoteStore } from '../../src/ports/notes.ts'
import type { ModelStoreSubject } from './model-store.contract.ts'

/** Forms keep the tests apart that share a store. */
let forms = 1_000_000

type Process = { readonly log: SharedLog; learn(at: number, times?: number): void; weight(at: number): number }

const PLACES = 500

function process(notes: NoteStore, form: number): Process {
  const [weight, evidence] = [new Float32Array(PLACES), new Float32Array(PLACES)]
  const weights = new SharedWeights({ form, tables: [{ weight, evidence }] })
  const log = new SharedLog({ notes, logger: SILENT_LOG }, { name: 'scorer-weights', wholeEvery: 32 }, weights)
  const learn = (at: number, times = 1) => {
    weight[at] = (weight[at] ?? 0) + times * 0.125
    evidence[at] = (evidence[at] ?? 0) + times
  }
  return { log, learn, weight: (at) => weight[at] ?? 0 }
}

function precedents(notes: NoteStore) {
  const learned = new Precedents()
  return { learned, log: new SharedLog({ notes, logger: SILENT_LOG }, { name: 'precedents', wholeEvery: 32 }, learned) }
}

/** Weights that processes share must be the same and whole on every engine that keeps notes. */
export function describeSharedLog(name: string, start: () => Promise<ModelStoreSubject>): void {
  describe(`shared weights: ${name}`, () => {
    let subject: ModelStoreSubject
    let stores: { readonly notes: NoteStore; close(): Promise<void> }[]
    const processes = (count: number): Process[] => {
      forms += 1
      return Array.from({ length: count }, (_, nth) => process(stores[nth % stores.length]?.notes ?? noStore(), forms))
    }
    beforeAll(async () => {
      subject = await start()
      stores = [await subject.open(), await subject.open()]
    })
    afterAll(async () => {
      for (const store of stores) await store.close()
      await subject.stop()
    })

    test('what two processes learn at once reaches both, and one that starts later', async () => {
      const [first, second, later] = processes(3)
      first?.learn(1, 8)
      second?.learn(2, 8)
      await Promise.all([first?.log.sync(), second?.log.sync()])
      await Promise.all([first?.log.sync(), second?.log.sync(), later?.log.sync()])
      for (const one of [first, second, later]) expect([one?.weight(1), one?.weight(2)]).toEqual([1, 1])
    })

    test('many processes that all want to write at once lose nothing', async () => {
      const all = processes(8)
      for (let round = 0; round < 6; round += 1) {
        for (const [nth, one] of all.entries()) one.learn(round * 8 + nth, 8)
        await Promise.all(all.map(({ log }) => log.sync()))
      }
      for (const { log } of all) await log.sync()
      for (const one of all) {
        const weights = Array.from({ length: 48 }, (_, at) => one.weight(at))
        expect(weights).toEqual(Array.from({ length: 48 }, () => 1))
      }
    })

    test('one that was away while many changes came and left finds all of them, and keeps its own', async () => {
      const [writer, away] = processes(2)
      away?.learn(0, 8)
      await away?.log.sync()
      away?.learn(1, 8)
      for (let at = 2; at < 150; at += 1) {
        writer?.learn(at, 8)
        await writer?.log.sync()
      }
      await away?.log.sync()
      await writer?.log.sync()
      for (const one of [writer, away]) {
        const weights = Array.from({ length: 150 }, (_, at) => one?.weight(at))
        expect(weights).toEqual(Array.from({ length: 150 }, () => 1))
      }
    })

    test('what sessions read next is known in other processes, and in one that starts later', async () => {
      const [tool, one, other] = [1, 2, 3]
      const [first, second, later] = [0, 1, 0].map((nth) => precedents(stores[nth]?.notes ?? noStore()))
      first?.learned.learn('a.py', { analyzer: tool, workspace: one, next: 'b.py' })
      second?.learned.learn('b.py', { analyzer: tool, workspace: one, next: 'c.py' })
      await Promise.all([first?.log.sync(), second?.log.sync()])
      await Promise.all([first?.log.sync(), second?.log.sync(), later?.log.sync()])
      for (const process of [first, second, later]) {
        const ahead: string[] = []
        process?.learned.follow('a.py', { analyzer: tool, workspace: other, beyond: 0 }, (path) => ahead.push(path))
        expect(ahead).toEqual(['b.py', 'c.py'])
      }
    })

    test('another form of the scorer begins anew, and damaged weights cost only themselves', async () => {
      const [first] = processes(1)
      first?.learn(1, 8)
      await first?.log.sync()
      const group = `scorer-weights/1.${forms}`
      await stores[0]?.notes.put(group, [{ name: '1', value: Uint8Array.of(200, 1, 2) }])
      const [other] = [process(stores[0]?.notes ?? noStore(), forms)]
      other.learn(2, 8)
      await other.log.sync()
      await first?.log.sync()
      expect([first?.weight(1), first?.weight(2)]).toEqual([1, 1])
      const [anew] = processes(1)
      await anew?.log.sync()
      expect([anew?.weight(1), anew?.weight(2)]).toEqual([0, 0])
    })
  })
}

function noStore(): never {
  throw new Error('the store was not opened')
}
