import { expect, test } from 'vitest'
import { LineBudget } from '../../src/adapters/logging/line-budget.ts'
import { createLog } from '../../src/adapters/logging/pino-log.ts'
import { createMemoryTelemetry } from '../../src/adapters/memory/telemetry.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { aCommand, aFile, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

function open(level = 'info', traceparent?: () => string | null) {
  const lines: string[] = []
  const to = { write: (line: string) => void lines.push(line) }
  const log = createLog({ level, process: 'warm', to, ...(traceparent === undefined ? {} : { traceparent }) })
  return { log, lines, text: () => lines.join('') }
}

test('lines written inside a span bear its ids, others bear none', async () => {
  const telemetry = createMemoryTelemetry()
  const { log, lines } = open('info', telemetry.current)
  log.info({ n: 1 }, 'outside')
  await telemetry.span('a', { kind: 'internal' }, async () => log.info({ n: 2 }, 'inside'))
  const [outside, inside] = lines.map((line) => JSON.parse(line))
  const [, trace_id, span_id] = telemetry.spans[0]?.traceparent.split('-') ?? []
  expect(outside).not.toHaveProperty('trace_id')
  expect(inside).toMatchObject({ trace_id, span_id, level: 'info', process: 'warm', msg: 'inside', n: 2 })
})

test('lines bear the id that spans and metrics of the process bear', () => {
  const lines: string[] = []
  const to = { write: (line: string) => void lines.push(line) }
  createLog({ level: 'info', process: 'warm', instance: 'warm-7', to }).info({}, 'running')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ process: 'warm', 'service.instance.id': 'warm-7' })
})

test('no secret is written: not in a field named like one, not in an address or a header that an error repeats', () => {
  const { log, text } = open()
  log.info({ password: 'canary-1', token: 'canary-2', authorization: 'Bearer canary-3' }, 'fields')
  log.info({ url: 'redis://user:canary-4@cache:6379/0' }, 'connecting to rediss://:canary-5@cache')
  const cause = new Error('connect failed: https://canary-6@registry/subjects, Authorization: Bearer canary-7.x-y_z')
  log.error({ code: 'FW_LOG_UNAVAILABLE' }, 'away', cause)
  log.error({}, 'away', new ForewarmError('FW_LOG_UNAVAILABLE', 'away', { cause }))
  expect(text()).not.toContain('canary')
  for (const kept of ['cache:6379/0', '@registry/subjects', 'connect failed', 'fields']) expect(text()).toContain(kept)
  for (const line of text().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
})

test('a worker names no path at the level info, whatever becomes of the files', async () => {
  const { log, text } = open()
  const origin = createCountingOrigin(new Map([['canary/a.ts', 'a']]), async (path) => {
    if (path.includes('away')) throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', `no ${path}`, { retriable: true })
    return path.includes('denied') ? { outcome: 'denied', detail: 'outside' } : null
  })
  const worker = createWorker({ origin, logger: log })
  const files = ['a.ts', 'away', 'denied', 'missing'].map((name) => aFile({ path: `canary/${name}` }))
  await worker.handle([aCommand({ files })])
  await worker.handler.batch(
    {
      topic: 'warm-commands',
      partition: 0,
      endOffset: 1,
      records: [
        {
          topic: 'warm-commands',
          partition: 0,
          offset: 0,
          key: 'canary',
          value: new TextEncoder().encode('canary'),
          headers: new Map(),
          timestampMs: 0,
        },
      ],
    },
    new AbortController().signal,
  )
  expect(text()).toContain('cannot be read')
  expect(text()).not.toContain('canary')
})

test('a flood of one message is bounded and says so, others go on, and who asks for debug gets all of it', () => {
  const flood = (level: string) => {
    const { log, lines } = open(level)
    for (let n = 0; n < 5_000; n += 1) log.warn({ n }, 'a record went to dead-letters')
    log.warn({}, 'something else')
    return lines.map((line) => JSON.parse(line))
  }
  const lines = flood('info')
  expect(lines).toHaveLength(101)
  expect(lines[99]).toMatchObject({ n: 99, more: expect.stringContaining('left out') })
  expect(lines[100]).toMatchObject({ msg: 'something else' })
  expect(flood('debug')).toHaveLength(5_001)
})

test('after a flood the next line says how many were left out; made-up messages share one budget', () => {
  const budget = new LineBudget()
  for (let n = 0; n < 150; n += 1) budget.take('flood', 0)
  expect(budget.take('flood', 9_999)).toBeNull()
  expect(budget.take('flood', 10_000)).toEqual({ leftOut: 51 })
  expect(budget.take('flood', 10_001)).toEqual({})
  const told = Array.from({ length: 10_000 }, (_, n) => budget.take(`message ${n}`, 10_002))
  expect(told.filter((note) => note !== null).length).toBe(999 + 100)
})
