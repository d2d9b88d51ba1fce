import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { openDatabase } from '../../src/adapters/sqlite/database.ts'
import { createSqliteEventLog } from '../../src/adapters/sqlite/event-log.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { createReader, outgoing, text } from '../support/log-reader.ts'
import { PARTITIONS } from './event-log/log-world.ts'
import { describeEventLog } from './event-log.contract.ts'

const HOUR_MS = 3_600_000
const keepAll = { ageMsMax: 1_000 * HOUR_MS, bytesMax: Number.MAX_SAFE_INTEGER, sweepMs: HOUR_MS }

type Opening = { clock?: Clock; retention?: typeof keepAll; partitions?: number; pollMs?: number }

/** Logs on one file, each over a connection of its own, as other processes' would be. */
async function createFile() {
  const folder = await mkdtemp(join(tmpdir(), 'forewarm-log-'))
  const file = join(folder, 'forewarm.db')
  const closers: (() => Promise<void>)[] = []
  const open = (options: Opening = {}): EventLog => {
    const database = openDatabase(file)
    const { clock = createSystemClock(), retention = keepAll, partitions = PARTITIONS, pollMs = 20 } = options
    const log = createSqliteEventLog({ database, partitions, clock, retention, pollMs })
    closers.push(async () => {
      await log.close()
      database.close()
    })
    return log
  }
  const close = async () => {
    for (const each of closers) await each()
    await rm(folder, { recursive: true })
  }
  return { open, close, file }
}

describeEventLog('SQLite', async () => {
  const { open, close } = await createFile()
  return { log: open(), reopen: async () => open(), close }
})

describe('the event log in an SQLite file', () => {
  let made: Awaited<ReturnType<typeof createFile>>
  beforeEach(async () => {
    made = await createFile()
  })
  afterEach(() => made.close())

  const partition = { topic: 'warm-requests', partition: 0 } as const
  const append = (log: EventLog, count: number, bytes: number) =>
    log.append(
      'warm-requests',
      Array.from({ length: count }, (_, index) => outgoing(`key-${index}`, 'x'.repeat(bytes))),
    )

  it('notices what another process appends', async () => {
    const reader = createReader()
    const consumer = await made.open().consume({ group: 'g', topics: ['warm-requests'], batchRecordsMax: 10 }, reader)
    await made.open().append('warm-requests', [outgoing('a', 'from afar')])
    await eventually(
      () => reader.texts(),
      (texts) => texts.includes('from afar'),
    )
    await consumer.stop()
  })

  it('delivers what this process appends without a look at the file', async () => {
    const log = made.open({ pollMs: HOUR_MS })
    const seen = Promise.withResolvers<void>()
    const reader = createReader({
      onBatch: (batch) => {
        seen.resolve()
        return { next: (batch.records.at(-1)?.offset ?? 0) + 1 }
      },
    })
    const consumer = await log.consume({ group: 'g', topics: ['warm-requests'], batchRecordsMax: 10 }, reader)
    await log.append('warm-requests', [outgoing('a', 'now')])
    await seen.promise
    await consumer.stop()
  })

  it('drops records that are too old, keeps their offsets taken, and tells who still wanted them', async () => {
    const clock = createManualClock(HOUR_MS)
    const log = made.open({ clock, retention: { ...keepAll, ageMsMax: HOUR_MS, sweepMs: 10 } })
    await append(log, 200, 10)
    const { end } = await log.bounds(partition)
    clock.advance(HOUR_MS + 1)
    await eventually(
      () => log.bounds(partition),
      ({ first }) => first === end,
    )
    await append(log, 200, 10)
    expect(await log.bounds(partition)).toEqual({ first: end, end: 2 * end })
    await expect(log.read(partition, 0)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'FW_LOG_TRUNCATED',
    })
    const reader = createReader({ start: 0 })
    const consumer = await log.consume({ group: 'g', topics: ['warm-requests'], batchRecordsMax: 10 }, reader)
    await expect(consumer.failed).rejects.toMatchObject({ code: 'FW_LOG_TRUNCATED' })
  })

  it('stays within its size, oldest records leaving first', async () => {
    const log = made.open({ retention: { ...keepAll, bytesMax: 200_000, sweepMs: 5 } })
    const sizes: number[] = []
    for (let round = 0; round < 20; round += 1) {
      await append(log, 100, 1_000)
      await eventually(
        async () => {
          const all = await Promise.all(
            Array.from({ length: PARTITIONS }, (_, index) => log.bounds({ ...partition, partition: index })),
          )
          return all.reduce((sum, { first, end }) => sum + end - first, 0)
        },
        (records) => records <= 200,
      )
      sizes.push((await stat(made.file)).size)
    }
    expect(Math.max(...sizes)).toBeLessThan(1_500_000)
    const { first, end } = await log.bounds(partition)
    expect(end - first).toBeGreaterThan(10)
    const kept: string[] = []
    for await (const record of log.read(partition, first)) kept.push(text(record.value))
    expect(kept).toHaveLength(end - first)
  })

  it('refuses another number of partitions than the file was made with', async () => {
    made.open()
    expect(() => made.open({ partitions: 2 * PARTITIONS })).toThrow(
      expect.objectContaining({ code: 'FW_TOPIC_MISMATCH' }),
    )
  })
})
