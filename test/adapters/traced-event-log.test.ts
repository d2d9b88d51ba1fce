import { describe, expect, it } from 'vitest'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry } from '../../src/adapters/memory/telemetry.ts'
import { createTracedEventLog } from '../../src/adapters/telemetry/traced-event-log.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { eventually } from '../support/eventually.ts'
import { createReader, nextOf, outgoing, type ReaderOptions } from '../support/log-reader.ts'

const names = { system: 'memory', topicPrefix: 'fw.', groupPrefix: 'g.' } as const

function create(log: EventLog = createMemoryEventLog({ partitions: 1 })) {
  const telemetry = createMemoryTelemetry()
  return { telemetry, log: createTracedEventLog(log, telemetry, names) }
}

async function readWith(log: EventLog, options: ReaderOptions, count: number) {
  const reader = createReader(options)
  const consumer = await log.consume({ group: 'ingest', topics: ['access-events'], batchRecordsMax: 1_000 }, reader)
  await eventually(
    () => reader.records.length,
    (length) => length >= count,
  )
  return { reader, consumer }
}

describe('a traced event log', () => {
  it('leads from the span that sends to the span that processes, by a link', async () => {
    const { log, telemetry } = create()
    await telemetry.span('cause', { kind: 'internal' }, () => log.append('access-events', [outgoing('a', '1')]))
    const { reader, consumer } = await readWith(log, {}, 1)
    await consumer.stop()
    const [sent, cause, processed] = telemetry.spans
    expect([sent?.name, cause?.name, processed?.name]).toEqual([
      'send fw.access-events',
      'cause',
      'process fw.access-events',
    ])
    expect(sent?.parent).toBe(cause?.traceparent)
    expect(reader.records[0]?.headers.get('traceparent')).toBe(sent?.traceparent)
    expect(processed?.options).toMatchObject({ kind: 'consumer', links: [sent?.traceparent] })
    expect(processed?.options.attributes).toEqual({
      'messaging.system': 'memory',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'fw.access-events',
      'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'g.ingest',
    })
  })

  it('keeps the context that a record brings along', async () => {
    const { log } = create()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await log.append('access-events', [{ ...outgoing('a', '1'), headers: new Map([['traceparent', traceparent]]) }])
    for await (const record of log.read({ topic: 'access-events', partition: 0 }, 0)) {
      expect(record.headers.get('traceparent')).toBe(traceparent)
    }
  })

  it('makes what the handler sends a child of the batch that it came from', async () => {
    const { log, telemetry } = create()
    await log.append('access-events', [outgoing('a', '1')])
    const onBatch: ReaderOptions['onBatch'] = async (batch) => {
      await log.append('warm-commands', [outgoing('c', 'command')])
      return { next: nextOf(batch) }
    }
    const { consumer } = await readWith(log, { onBatch }, 1)
    await consumer.stop()
    const processed = telemetry.spans.find(({ name }) => name === 'process fw.access-events')
    expect(telemetry.spans.find(({ name }) => name === 'send fw.warm-commands')?.parent).toBe(processed?.traceparent)
  })

  it('counts each record once at sending and once at delivery, and times both', async () => {
    const { log, telemetry } = create()
    for (let round = 0; round < 3; round += 1) {
      await log.append('access-events', [outgoing('a', '1'), outgoing('b', '2')])
    }
    const { consumer, reader } = await readWith(log, {}, 6)
    await consumer.stop()
    const topic = { 'messaging.destination.name': 'fw.access-events' }
    expect(telemetry.total('messaging.client.sent.messages', topic)).toBe(6)
    expect(telemetry.total('messaging.client.consumed.messages', topic)).toBe(6)
    const times = (metric: string) => telemetry.measures.filter((measure) => measure.metric === metric).length
    expect(times('messaging.client.operation.duration')).toBe(3)
    expect(times('messaging.process.duration')).toBe(reader.batches.length)
    expect(telemetry.spans[0]?.options.attributes?.['messaging.batch.message_count']).toBe(2)
  })

  it('tells how far its group is behind, before and after a batch, and nothing of partitions that it lost', async () => {
    const { log, telemetry } = create()
    await log.append('access-events', [outgoing('a', '1'), outgoing('b', '2'), outgoing('c', '3')])
    const onBatch: ReaderOptions['onBatch'] = async ({ records }) => ({ next: (records[0]?.offset ?? 0) + 1 })
    const { consumer } = await readWith(log, { onBatch }, 3 + 2 + 1)
    await consumer.stop()
    const told = telemetry.measures.filter(({ metric }) => metric === 'forewarm.consumer.lag')
    expect(told.map(({ value }) => value)).toEqual([3, 2, 2, 1, 1, 0])
    const of = { group: 'ingest', topic: 'access-events', partition: 0 }
    for (const { attributes } of told) expect(attributes).toEqual(of)
    expect(telemetry.level('forewarm.consumer.lag', of)).toBeNull()
  })

  it('links at most 128 contexts, each once', async () => {
    const { log, telemetry } = create()
    await log.append('access-events', [outgoing('a', '1'), outgoing('a', '2')])
    for (let round = 0; round < 200; round += 1) await log.append('access-events', [outgoing('a', String(round))])
    const { consumer } = await readWith(log, {}, 202)
    await consumer.stop()
    const links = telemetry.spans.find(({ name }) => name === 'process fw.access-events')?.options.links ?? []
    expect(links).toHaveLength(128)
    expect(new Set(links).size).toBe(128)
  })

  it('tells failures by their kind, and passes them on', async () => {
    const memory = createMemoryEventLog({ partitions: 1 })
    const gone = new ForewarmError('FW_LOG_UNAVAILABLE', 'gone', { retriable: true })
    const { log, telemetry } = create({ ...memory, append: () => Promise.reject(gone) })
    await expect(log.append('access-events', [outgoing('a', '1')])).rejects.toBe(gone)
    expect(telemetry.spans[0]?.failed).toBe(true)
    expect(telemetry.total('messaging.client.sent.messages', { 'error.type': 'FW_LOG_UNAVAILABLE' })).toBe(1)
    await memory.append('access-events', [outgoing('a', '1')])
    const reader = createReader({
      onBatch: () => {
        throw new RangeError('broken')
      },
    })
    const consumer = await log.consume({ group: 'g', topics: ['access-events'], batchRecordsMax: 1 }, reader)
    await expect(consumer.failed).rejects.toThrow('broken')
    expect(telemetry.measures.find(({ metric }) => metric === 'messaging.process.duration')).toMatchObject({
      attributes: { 'error.type': 'RangeError' },
    })
  })
})
