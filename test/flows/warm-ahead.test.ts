import { afterEach, describe, expect, test } from 'vitest'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { Slots } from '../../src/flows/slots.ts'
import type { EventLog, LogConsumer } from '../../src/ports/event-log.ts'
import type { WarmCommand } from '../../src/warming/command.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from '../support/eventually.ts'
import { aCommand, aFile, createCountingOrigin, createWorker, readOutcomes } from '../support/warm-worker.ts'

const codec = createEmbeddedCodec()
const clock = createSystemClock()
const consumers: LogConsumer[] = []
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()))
})

const publish = async (log: EventLog, commands: readonly WarmCommand[]) => {
  const records = commands.map(async (command) => ({
    key: command.id,
    value: await codec.encode('warm-commands', command),
    headers: new Map(),
  }))
  await log.append('warm-commands', await Promise.all(records))
}

/** Commands of a run: `commands` of them, each of `files` files, which it takes one at a time. */
const runOf = (id: string, commands: number, files: number) =>
  Array.from({ length: commands }, (_, at) =>
    aCommand({
      ...{ id: `${id}/${at}`, runId: id, parallelMax: 1, firstFile: at * files },
      files: Array.from({ length: files }, (_file, of) => aFile({ path: `${id}/${at}/${of}` })),
    }),
  )

/** A worker on one partition, and an origin that takes a while for each file. */
async function aWorker(readMs: number, settings: NonNullable<Parameters<typeof createWorker>[0]['settings']> = {}) {
  const log = createMemoryEventLog({ partitions: 1 })
  const origin = createCountingOrigin(new Map(), async (path) => {
    await clock.sleep(readMs)
    return { outcome: 'read', file: { bytes: Buffer.from(path), version: `v-${path}` } }
  })
  const worker = createWorker({ origin, log, clock, settings })
  consumers.push(await log.consume({ group: 'warm', topics: ['warm-commands'], batchRecordsMax: 16 }, worker.handler))
  const ended = async () => (await readOutcomes({ log, codec })).map(({ commandId }) => commandId)
  const until = (id: string) => eventually(ended, (ids) => ids.includes(id), { what: id, everyMs: 5 })
  return { log, origin, ended, until }
}

test('a prediction and a small run on the partition of a large run are warmed while that goes on', async () => {
  const { log, origin, ended, until } = await aWorker(10)
  await publish(log, runOf('large', 16, 60))
  await eventually(
    () => origin.reads.length,
    (reads) => reads > 30,
  )
  await publish(log, [...runOf('small', 1, 2), aCommand({ id: 'prediction', files: [aFile({ path: 'live.ts' })] })])
  await until('prediction')
  await until('small/0')
  expect((await ended()).filter((id) => id.startsWith('large'))).toEqual([])
  expect(origin.reads.length).toBeLessThan(16 * 60)
})

test('the file of a prediction is the next one to be read, however many files of runs wait for a place', async () => {
  const { log, origin, until } = await aWorker(20, { filesInFlightMax: 2 })
  await publish(log, runOf('large', 40, 3))
  await eventually(
    () => origin.reads.length,
    (reads) => reads > 4,
  )
  const before = origin.reads.length
  await publish(log, [aCommand({ id: 'prediction', files: [aFile({ path: 'live.ts' })] })])
  await until('prediction')
  expect(origin.reads.indexOf('live.ts')).toBeLessThan(before + 4)
})

test('commands in hand are bounded by their number, and by how far they lie apart', async () => {
  const crowded = await aWorker(60_000, { commandsInHandMax: 5 })
  await publish(crowded.log, runOf('large', 30, 1))
  await eventually(
    () => crowded.origin.reads.length,
    (reads) => reads === 5,
  )
  const stretched = await aWorker(60_000, { recordsAheadMax: 8 })
  await publish(stretched.log, [
    ...runOf('slow', 1, 1),
    ...Array.from({ length: 30 }, (_, at) => aCommand({ id: `${at}`, files: [] })),
  ])
  await stretched.until('6')
  await clock.sleep(50)
  expect(await stretched.ended()).toHaveLength(7)
  expect(crowded.origin.reads).toHaveLength(5)
})

describe('places', () => {
  test('go to who is urgent before all who are patient, and two of sixteen are kept for them', async () => {
    const slots = new Slots(16)
    const { signal } = new AbortController()
    const entered: string[] = []
    const enter = (name: string, urgency: 'urgent' | 'patient') =>
      slots.take(signal, { urgency, turn: 0 }).then(() => void entered.push(name))
    for (let at = 0; at < 20; at += 1) void enter(`run ${at}`, 'patient')
    await clock.sleep(1)
    expect(entered).toHaveLength(14)
    for (let at = 0; at < 3; at += 1) void enter(`live ${at}`, 'urgent')
    await clock.sleep(1)
    expect(entered.slice(14)).toEqual(['live 0', 'live 1'])
    slots.release()
    await clock.sleep(1)
    expect(entered.slice(16)).toEqual(['live 2'])
    for (let at = 0; at < 3; at += 1) slots.release()
    await clock.sleep(1)
    expect(entered.slice(17)).toEqual(['run 14'])
  })

  test('go among the urgent to the earliest turn, not to who asked first', async () => {
    const slots = new Slots(1)
    const { signal } = new AbortController()
    const entered: number[] = []
    await slots.take(signal)
    for (const turn of [3, 1, 2, 1])
      void slots.take(signal, { urgency: 'urgent', turn }).then(() => void entered.push(turn))
    for (let at = 0; at < 4; at += 1) {
      slots.release()
      await clock.sleep(1)
    }
    expect(entered).toEqual([1, 1, 2, 3])
  })
})
