import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { createMemoryTelemetry, SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import { createAccessPublisher, type PublisherOptions } from '../../src/sdk/access-publisher.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from '../support/eventually.ts'
import { messagesOn, recordsOn } from '../support/log-contents.ts'
import { anAccess } from '../support/records.ts'

const codec = createEmbeddedCodec()
const eslint = { session: 's1', analyzer: 'eslint', revision: 'r1' }
const tsc = { session: 's2', analyzer: 'tsc', revision: null }
const away = () => new ForewarmError('FW_LOG_UNAVAILABLE', 'the log is away', { retriable: true })

type Fault = 'none' | 'before' | 'after'

/** A publisher on a log that fails on demand: before it has taken the records, or after. */
function setUp(options: Partial<PublisherOptions> = {}) {
  const clock = createManualClock(1_760_000_000_000)
  const telemetry = createMemoryTelemetry()
  const log = createMemoryEventLog({ partitions: 4, clock })
  const state: { fault: Fault; appends: number } = { fault: 'none', appends: 0 }
  const append: EventLog['append'] = async (topic, records) => {
    state.appends += 1
    const fault = state.fault
    if (fault === 'before') throw away()
    const placed = await log.append(topic, records)
    if (fault === 'after') throw away()
    return placed
  }
  let ids = 0
  const newId = () => {
    ids += 1
    return `p${ids}`
  }
  const warnings: string[] = []
  const logger: typeof SILENT_LOG = {
    ...SILENT_LOG,
    warn: ({ cause }, message) => void warnings.push(`${message} (${cause})`),
  }
  const deps = { log: { append }, codec, clock, telemetry, logger, newId, random: () => 1 }
  const publisher = createAccessPublisher(deps, { workspace: 'shop', ...options })
  return { publisher, clock, telemetry, log, state, warnings }
}

const recordsOf = (log: EventLog) => recordsOn(log, 'access-events')
const eventsOf = (log: EventLog) => messagesOn({ log, codec }, 'access-events')

/** Paths of a session as a model counts them: what was numbered before is skipped. */
function countedPaths(events: readonly AccessEvent[], session: string): string[] {
  const next = new Map<string, number>()
  return events
    .filter((event) => event.session === session)
    .flatMap((event) => {
      const expected = next.get(event.publisher) ?? 0
      const fresh = event.accesses.slice(Math.max(0, expected - event.sequence))
      next.set(event.publisher, Math.max(expected, event.sequence + event.accesses.length))
      return fresh.map(({ path }) => path)
    })
}

describe('the access publisher', () => {
  it('takes what is undefined as not said, as callers with looser types hand it in', async () => {
    const { publisher, log } = setUp()
    // biome-ignore lint/suspicious/noExplicitAny: what a program in JavaScript does
    publisher.record(eslint, { path: 'a.ts', version: undefined, layer: undefined, timeMs: undefined } as any)
    expect(await publisher.flush(1_000)).toBe(true)
    const [event] = await eventsOf(log)
    expect(event?.accesses).toEqual([anAccess({ path: 'a.ts', timeMs: 1_760_000_000_000 })])
  })

  it('sends one batch a session after the linger, numbered, under the key of its shard', async () => {
    const { publisher, clock, log } = setUp()
    publisher.record(eslint, { path: 'a.ts' })
    publisher.record(tsc, { path: 'b.ts', layer: 'ast' })
    publisher.record(eslint, { path: 'c.ts' })
    publisher.endSession('s1')
    await eventually(
      () => clock.sleepers(),
      (count) => count === 1,
    )
    expect(await recordsOf(log)).toEqual([])
    clock.advance(50)
    const events = await eventually(
      () => eventsOf(log),
      (list) => list.length === 2,
    )
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          session: 's1',
          sequence: 0,
          sessionEnded: true,
          accesses: [anAccess({ path: 'a.ts' }), anAccess({ path: 'c.ts' })],
        }),
        expect.objectContaining({ session: 's2', sequence: 0, sessionEnded: false, analyzer: 'tsc' }),
      ]),
    )
    expect(new Set((await recordsOf(log)).map(({ key }) => key))).toEqual(new Set(['shop#0']))
    expect(publisher.stats()).toMatchObject({ recorded: 3, published: 3, pending: 0 })
  })

  it('sends a full batch without waiting, and counts on in the next', async () => {
    const { publisher, clock, log } = setUp({ accessesMax: 3 })
    for (const path of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) publisher.record(eslint, { path })
    await eventually(
      () => eventsOf(log),
      (list) => list.length === 3,
    )
    expect((await eventsOf(log)).map(({ sequence, accesses }) => [sequence, accesses.length])).toEqual([
      [0, 3],
      [3, 3],
      [6, 1],
    ])
    expect(clock.sleepers()).toBe(0)
  })

  it('starts while the log is away, and sends all in order when it is there', async () => {
    const { publisher, clock, log, state } = setUp({ accessesMax: 2, lingerMs: 1 })
    state.fault = 'before'
    for (let index = 0; index < 30; index += 1) publisher.record(eslint, { path: `${index}` })
    await eventually(
      () => state.appends,
      (count) => count > 0,
    )
    state.fault = 'none'
    await drain(publisher, clock)
    expect(countedPaths(await eventsOf(log), 's1')).toEqual(Array.from({ length: 30 }, (_, index) => `${index}`))
    expect(publisher.stats()).toMatchObject({ published: 30, pending: 0 })
  })

  it('drops the oldest when the buffer is full, and counts them', async () => {
    const { publisher, clock, log, state, telemetry } = setUp({ bufferMax: 10, accessesMax: 5, lingerMs: 1 })
    state.fault = 'before'
    for (let index = 0; index < 100; index += 1) publisher.record(eslint, { path: `${index}` })
    state.fault = 'none'
    await drain(publisher, clock)
    expect(countedPaths(await eventsOf(log), 's1')).toEqual(Array.from({ length: 10 }, (_, index) => `${90 + index}`))
    expect(publisher.stats()).toEqual({
      recorded: 100,
      published: 10,
      dropped: { overflow: 90, invalid: 0, refused: 0, closed: 0 },
      pending: 0,
    })
    expect(telemetry.total('forewarm.publisher.dropped', { cause: 'overflow' })).toBe(90)
  })

  it('counts each access once for the model, in order, whichever appends fail before or after the log took them', async () => {
    const step = fc.oneof(
      fc.record({ session: fc.constantFrom(eslint, tsc), count: fc.integer({ min: 1, max: 12 }) }),
      fc.constantFrom<Fault>('none', 'before', 'after'),
      fc.integer({ min: 1, max: 400 }),
    )
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { publisher, clock, log, state } = setUp({ accessesMax: 4 })
      const paths = new Map([
        ['s1', [] as string[]],
        ['s2', [] as string[]],
      ])
      let number = 0
      for (const each of steps) {
        if (typeof each === 'string') state.fault = each
        else if (typeof each === 'number') await advance(clock, each)
        else
          for (let index = 0; index < each.count; index += 1) {
            number += 1
            const path = `f${number}`
            paths.get(each.session.session)?.push(path)
            publisher.record(each.session, { path })
          }
      }
      state.fault = 'none'
      await drain(publisher, clock)
      const events = await eventsOf(log)
      for (const [session, expected] of paths) expect(countedPaths(events, session)).toEqual(expected)
    })
    await fc.assert(property, { numRuns: 150 })
  })

  it('numbers a session that comes back after its end under another publisher id', async () => {
    const { publisher, clock, log } = setUp()
    publisher.record(eslint, { path: 'a.ts' })
    publisher.endSession('s1')
    publisher.record(eslint, { path: 'b.ts' })
    await drain(publisher, clock)
    const events = await eventsOf(log)
    expect(new Set(events.map((event) => event.publisher)).size).toBe(2)
    expect(countedPaths(events, 's1')).toEqual(['a.ts', 'b.ts'])
  })

  it('never throws, whatever it is handed, counts what it cannot send, and says once why', async () => {
    const { publisher, clock, log, warnings } = setUp()
    publisher.record(eslint, { path: '../secret' })
    publisher.record({ ...eslint, session: '' }, { path: 'a.ts' })
    publisher.record(JSON.parse('{}'), JSON.parse('{"layer":7}'))
    publisher.endSession('nobody')
    publisher.record(eslint, { path: 'a.ts' })
    await drain(publisher, clock)
    expect(await eventsOf(log)).toHaveLength(1)
    expect(publisher.stats()).toMatchObject({ published: 1, dropped: { invalid: 3 }, pending: 0 })
    const why = 'path is not a plain relative path'
    expect(warnings).toEqual([`accesses dropped: no reader of the log would take them (${why})`])
  })

  it('closes within its deadline when the log is away, and counts what was lost', async () => {
    const { publisher, clock, state } = setUp()
    state.fault = 'before'
    for (const path of ['a', 'b', 'c']) publisher.record(eslint, { path })
    const closed = publisher.close(1_000)
    let isClosed = false
    closed.then(() => {
      isClosed = true
    })
    await advance(clock, 900)
    expect(isClosed).toBe(false)
    await advance(clock, 200)
    await closed
    publisher.record(eslint, { path: 'd' })
    expect(publisher.stats()).toMatchObject({ recorded: 4, published: 0, dropped: { closed: 4 }, pending: 0 })
  })

  it('drops a record that the log refuses for its own sake, and goes on', async () => {
    const { clock, log, telemetry } = setUp()
    let first = true
    const append: EventLog['append'] = async (topic, records) => {
      if (first) {
        first = false
        throw new ForewarmError('FW_RECORD_INVALID', 'too large for the topic')
      }
      return log.append(topic, records)
    }
    const deps = { log: { append }, codec, clock, telemetry, logger: SILENT_LOG, newId: () => 'p', random: () => 1 }
    const publisher = createAccessPublisher(deps, { workspace: 'shop' })
    publisher.record(eslint, { path: 'a' })
    await drain(publisher, clock)
    publisher.record(eslint, { path: 'b' })
    await drain(publisher, clock)
    expect(publisher.stats()).toMatchObject({ published: 1, dropped: { refused: 1 } })
    expect(countedPaths(await eventsOf(log), 's1')).toEqual(['b'])
  })

  it('links what it publishes to the spans in which the reads were, and tells the log its own', async () => {
    const { publisher, clock, telemetry, log } = setUp()
    await telemetry.span('lint', { kind: 'internal' }, async () => publisher.record(eslint, { path: 'a' }))
    await drain(publisher, clock)
    const [lint, publish] = telemetry.spans
    expect(publish).toMatchObject({ name: 'publish accesses', options: { links: [lint?.traceparent] } })
    expect((await recordsOf(log))[0]?.headers.get('traceparent')).toBe(publish?.traceparent)
  })

  it('takes 100,000 accesses a second at the least from its caller', () => {
    const { publisher } = setUp({ bufferMax: 50_000 })
    const before = process.threadCpuUsage()
    for (let index = 0; index < 50_000; index += 1) publisher.record(eslint, { path: 'src/some/file.ts' })
    const { user, system } = process.threadCpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(500)
  })
})

/** Lets time pass in small steps, so that every sleeper in between acts. */
async function advance(clock: ReturnType<typeof createManualClock>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(Math.min(50, ms - passed))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function drain(publisher: ReturnType<typeof setUp>['publisher'], clock: ReturnType<typeof createManualClock>) {
  const flushed = publisher.flush(1_000_000)
  let isDone = false
  flushed.then(() => {
    isDone = true
  })
  while (!isDone) await advance(clock, 100)
  expect(await flushed).toBe(true)
}
