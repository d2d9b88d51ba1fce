import { describe, expect, onTestFinished, test } from 'vitest'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import type { GatewayDeps } from '../../src/flows/gateway/gateway.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { accesses, startGateway, web } from '../support/gateway-server.ts'
import { messagesOn } from '../support/log-contents.ts'

describe('accesses at the gateway', () => {
  test('are answered with 202 once the log has them, and where they lie', async () => {
    const { call, log, codec } = await startGateway()
    const answer = await call('POST', `${web}/accesses`, { body: accesses })
    expect(answer.status).toBe(202)
    expect(answer.json).toMatchObject({ accepted: 2, records: [{ offset: 0 }] })
    const [event] = await messagesOn({ log, codec }, 'access-events')
    expect(event).toMatchObject({
      workspace: 'acme/web',
      session: 's1',
      publisher: 'p1',
      sequence: 0,
      sessionEnded: false,
    })
    expect(event?.accesses.map(({ path, layer, outcome }) => [path, layer, outcome])).toEqual([
      ['src/a.ts', 'content', 'unknown'],
      ['src/b.ts', 'content', 'miss'],
    ])
  })

  test('as NDJSON become one event a session, numbered lines staying countable', async () => {
    const { call, log, codec } = await startGateway()
    const line = (session: string, path: string, sequence: number) =>
      JSON.stringify({ session, analyzer: 'tsc', publisher: 'p', sequence, path, timeMs: 5 })
    const body = [line('s1', 'a', 0), line('s1', 'b', 1), line('s2', 'c', 0), line('s1', 'd', 7)].join('\n')
    const answer = await call('POST', `${web}/accesses`, { body, type: 'application/x-ndjson' })
    expect(answer).toMatchObject({ status: 202, json: { accepted: 4 } })
    const events = (await messagesOn({ log, codec }, 'access-events')).map((event) => [
      event.session,
      event.sequence,
      event.accesses.map(({ path }) => path),
    ])
    expect(events).toHaveLength(3)
    expect(events).toEqual(
      expect.arrayContaining([
        ['s1', 0, ['a', 'b']],
        ['s2', 0, ['c']],
        ['s1', 7, ['d']],
      ]),
    )
  })

  test('of one request may be more than a record takes: several carry them, the last one ends the session', async () => {
    const server = { batchMax: 2_000, bodyBytesMax: 1_000_000 }
    const { call, log, codec } = await startGateway({ server })
    const reads = Array.from({ length: 1_200 }, (_, at) => ({ path: `src/${at}.ts`, timeMs: at }))
    const body = { ...accesses, sequence: 7, sessionEnded: true, accesses: reads }
    expect(await call('POST', `${web}/accesses`, { body })).toMatchObject({ status: 202, json: { accepted: 1_200 } })
    const lines = reads.map((read, at) =>
      JSON.stringify({ session: 's2', analyzer: 'tsc', publisher: 'p', sequence: at, ...read }),
    )
    const sent = { body: lines.join('\n'), type: 'application/x-ndjson' }
    expect(await call('POST', `${web}/accesses`, sent)).toMatchObject({ status: 202, json: { accepted: 1_200 } })
    const events = await messagesOn({ log, codec }, 'access-events')
    const of = (session: string) =>
      events
        .filter((event) => event.session === session)
        .map(({ sequence, sessionEnded, accesses: [first] }) => [sequence, first?.path, sessionEnded])
    expect(of('s1')).toEqual([
      [7, 'src/0.ts', false],
      [507, 'src/500.ts', false],
      [1_007, 'src/1000.ts', true],
    ])
    expect(of('s2').map(([sequence]) => sequence)).toEqual([0, 500, 1_000])

    const changes = reads.map((read) => ({ ...read, version: 'v1' }))
    expect(await call('POST', `${web}/changes`, { body: { changes } })).toMatchObject({
      status: 202,
      json: { accepted: 1_200 },
    })
    const changed = (await messagesOn({ log, codec }, 'access-events')).map((event) => event.changes.length)
    expect(changed.filter((count) => count > 0)).toEqual([500, 500, 200])
  })

  test('carry the trace of their request into the log', async () => {
    const { gateway, log, codec } = await startGateway()
    const trace = '0af7651916cd43dd8448eb211c80319c'
    await fetch(`${gateway.url}${web}/accesses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${trace}-b7ad6b7169203331-01` },
      body: JSON.stringify(accesses),
    })
    const [event] = await messagesOn({ log, codec }, 'access-events')
    expect(event?.headers.get('traceparent')).toContain(trace)
  })

  test.each<[string, unknown, string]>([
    ['an unknown key', { ...accesses, extra: 1 }, 'extra'],
    ['an unknown key of an access', { ...accesses, accesses: [{ path: 'a', timeMs: 1, size: 3 }] }, 'size'],
    ['a text for a number', { ...accesses, sequence: '0' }, 'sequence'],
    ['no session', { analyzer: 'x', accesses: [] }, 'session'],
    ['a path that leaves the workspace', { ...accesses, accesses: [{ path: '../a', timeMs: 1 }] }, 'path'],
    ['a batch over the limit', { ...accesses, accesses: Array(11).fill({ path: 'a', timeMs: 1 }) }, 'accesses'],
    ['__proto__', '{"session":"s","analyzer":"a","accesses":[],"__proto__":{"x":1}}', ''],
    ['no JSON', '{', ''],
  ])('with %s are refused as a whole, saying why', async (_, body, named) => {
    const { call, log, codec } = await startGateway()
    const answer = await call('POST', `${web}/accesses`, { body })
    expect(answer.status).toBe(400)
    expect(Object.keys(answer.json).sort()).toEqual(['code', 'mend', 'message'])
    expect(answer.json.code).toMatch(/^FW_(REQUEST|RECORD)_INVALID$/)
    expect(answer.json.message).toContain(named)
    expect(await messagesOn({ log, codec }, 'access-events')).toEqual([])
  })

  test('as NDJSON with a bad line, with __proto__ or of a wrong type are refused as a whole', async () => {
    const { call, log, codec } = await startGateway()
    const good = '{"session":"s","analyzer":"a","path":"a","timeMs":1}'
    for (const bad of ['{', '{"session":"s","analyzer":"a","path":"a","timeMs":1,"__proto__":{}}', '[]', '']) {
      const body = bad === '' ? '\n' : `${good}\n${bad}`
      expect((await call('POST', `${web}/accesses`, { body, type: 'application/x-ndjson' })).status).toBe(400)
    }
    for (const type of ['text/plain', 'application/octet-stream', 'application/xml']) {
      expect((await call('POST', `${web}/accesses`, { body: good, type })).status).toBe(415)
    }
    expect(await messagesOn({ log, codec }, 'access-events')).toEqual([])
  })
})

describe('a log that is away or slow', () => {
  const away = (append: EventLog['append']): Partial<GatewayDeps> => {
    const log = createMemoryEventLog({ partitions: 2 })
    onTestFinished(() => log.close())
    return { log: { ...log, append } }
  }

  test.each<[string, EventLog['append']]>([
    ['away', async () => Promise.reject(new ForewarmError('FW_LOG_UNAVAILABLE', 'no broker', { retriable: true }))],
    ['slow', () => new Promise(() => {})],
  ])('(%s) is answered with 503 FW_OVERLOADED and Retry-After', async (_, append) => {
    const { call } = await startGateway({ deps: away(append) })
    const answer = await call('POST', `${web}/accesses`, { body: accesses })
    expect(answer).toMatchObject({ status: 503, json: { code: 'FW_OVERLOADED' } })
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  test('never makes this process hold more than its bound', async () => {
    const held = { records: 0 }
    const append: EventLog['append'] = (_, records) => {
      held.records += records.length
      return new Promise(() => {})
    }
    const bound = { appender: { pendingBytesMax: 1_000, timeoutMs: 300 } }
    const { call } = await startGateway({ deps: away(append), limits: bound })
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => call('POST', `${web}/accesses`, { body: accesses })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
    expect(held.records).toBeGreaterThan(0)
    expect(held.records).toBeLessThan(40)
  })
})
