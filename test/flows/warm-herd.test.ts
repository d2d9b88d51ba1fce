import { afterEach, expect, test } from 'vitest'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import type { EventLog, LogConsumer } from '../../src/ports/event-log.ts'
import type { WarmCommand } from '../../src/warming/command.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from '../support/eventually.ts'
import {
  aCommand,
  aFile,
  contentKey,
  createCountingOrigin,
  createWorker,
  readOutcomes,
  threeFiles,
} from '../support/warm-worker.ts'

const codec = createEmbeddedCodec()
const consumers: LogConsumer[] = []
afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()))
})

const consume = async (log: EventLog, worker: ReturnType<typeof createWorker>) => {
  const options = { group: 'warm', topics: ['warm-commands'], batchRecordsMax: 16 } as const
  consumers.push(await log.consume(options, worker.handler))
}

const publish = async (log: EventLog, commands: readonly WarmCommand[]) => {
  const records = commands.map(async (command) => ({
    key: command.id,
    value: await codec.encode('warm-commands', command),
    headers: new Map(),
  }))
  await log.append('warm-commands', await Promise.all(records))
}

const outcomesOf = (log: EventLog, count: number) =>
  eventually(
    () => readOutcomes({ log, codec }),
    (outcomes) => outcomes.length >= count,
    { what: `${count} outcomes`, everyMs: 100 },
  )

/** Twenty files in an origin that takes its time, an empty log and an empty cache. */
function twentyFiles() {
  const clock = createSystemClock()
  const log = createMemoryEventLog({ partitions: 4 })
  const cache = createMemoryCache({ clock })
  const files = new Map(Array.from({ length: 20 }, (_, index) => [`f${index}`, `text ${index}`]))
  const origin = createCountingOrigin(files, async () => {
    await clock.sleep(20)
    return null
  })
  return { clock, log, cache, files, origin }
}

test('a herd of a thousand commands for twenty files reads each file once from the origin', async () => {
  const { clock, log, cache, files, origin } = twentyFiles()
  const herd = Array.from({ length: 1_000 }, (_, index) => {
    const name = `f${index % 20}`
    return aCommand({ id: `command-${index}`, files: [aFile({ path: name, version: `v-${files.get(name)}` })] })
  })
  await publish(log, herd)
  for (const worker of ['one', 'two', 'three', 'four']) {
    await consume(log, createWorker({ origin, log, cache, clock, settings: { worker, leasePollMs: 5 } }))
  }
  const outcomes = await outcomesOf(log, herd.length)
  expect(origin.reads.length).toBeLessThanOrEqual(20)
  const kinds = outcomes.flatMap((outcome) => outcome.files.map((file) => file.outcome))
  expect(kinds.filter((kind) => kind === 'warmed')).toHaveLength(20)
  expect(kinds.filter((kind) => kind === 'present')).toHaveLength(980)
  expect(new Set(outcomes.map(({ commandId }) => commandId)).size).toBe(1_000)
})

test('a herd for files of which nobody knows the version reads each file once, too', async () => {
  const { clock, log, cache, files, origin } = twentyFiles()
  // Like a directory: the version of what was read once is known.
  origin.version = async (path) => (origin.finished.has(path) ? `v-${files.get(path)}` : null)
  const herd = Array.from({ length: 400 }, (_, index) => {
    return aCommand({ id: `command-${index}`, files: [aFile({ path: `f${index % 20}` })] })
  })
  await publish(log, herd)
  for (const worker of ['one', 'two']) {
    await consume(log, createWorker({ origin, log, cache, clock, settings: { worker, leasePollMs: 5 } }))
  }
  const outcomes = await outcomesOf(log, herd.length)
  expect(origin.reads.length).toBeLessThanOrEqual(20)
  const kinds = outcomes.flatMap((outcome) => outcome.files.map((file) => file.outcome))
  expect(kinds.filter((kind) => kind === 'present')).toHaveLength(380)
})

test('a worker killed between the cache and the outcome leaves a command that the next one answers', async () => {
  const clock = createSystemClock()
  const log = createMemoryEventLog({ partitions: 1 })
  const cache = createMemoryCache({ clock })
  const origin = createCountingOrigin(new Map([['src/a.ts', 'a']]))
  // Killed: it puts, and its append reaches nobody, not even as an error.
  const dying = createWorker({ origin, cache, clock, log: { ...log, append: () => new Promise(() => {}) } })
  const command = aCommand({ files: [aFile({ version: 'v-a' })] })
  await publish(log, [command])
  dying.handle([command]).catch(() => {})
  await eventually(
    () => cache.pressure(),
    ({ bytesUsed }) => bytesUsed > 0,
  )
  await consume(log, createWorker({ origin, cache, clock, log, settings: { worker: 'next' } }))
  const [outcome] = await outcomesOf(log, 1)
  expect(outcome).toMatchObject({ commandId: command.id, worker: 'next', files: [{ outcome: 'present' }] })
  expect(origin.reads).toHaveLength(1)
})

test('a command delivered again changes nothing in the cache and reads nothing', async () => {
  const log = createMemoryEventLog({ partitions: 1 })
  const origin = createCountingOrigin(new Map([['src/a.ts', 'a']]))
  const worker = createWorker({ origin, log })
  await publish(log, [aCommand({ files: [aFile({ version: 'v-a' })] })])
  await consume(log, worker)
  await outcomesOf(log, 1)
  log.faults.redeliver({ topic: 'warm-commands', partition: 0 }, 0)
  const outcomes = await outcomesOf(log, 2)
  expect(outcomes.map(({ files: [file] }) => file?.outcome)).toEqual(['warmed', 'present'])
  expect(origin.reads).toHaveLength(1)
})

test('while another worker loads a file its value is waited for', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, settings: { leasePollMs: 1 } })
  const key = contentKey('src/a.ts', 'v-a')
  await worker.cache.lease(key, 'somebody', 60_000)
  const warming = worker.warm([aFile({ version: 'v-a' })])
  await worker.cache.put(key, new TextEncoder().encode('a'), { kind: 'fill' })
  expect(await warming).toEqual(['present'])
  expect(origin.reads).toEqual([])
})

test('a lease whose holder died is taken over when it ends; one that is held on is given up', async () => {
  const origin = createCountingOrigin(threeFiles)
  const worker = createWorker({ origin, settings: { leasePollMs: 1, leaseMs: 100 } })
  await worker.cache.lease(contentKey('src/a.ts', 'v-a'), 'dead', 30)
  await worker.cache.lease(contentKey('src/b.ts', 'v-b'), 'alive', 60_000)
  const held = [aFile({ version: 'v-a' }), aFile({ path: 'src/b.ts', version: 'v-b' })]
  expect(await worker.warm(held)).toEqual(['warmed', 'skipped held'])
  expect(origin.reads).toEqual(['src/a.ts'])
})
