import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import type { TraceRow } from '../../src/ports/trace.ts'
import { analyzerOf, type ReplayOptions, replayTrace } from '../../src/sdk/replay-trace.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { eventually } from '../support/eventually.ts'
import { messagesOn } from '../support/log-contents.ts'

const codec = createEmbeddedCodec()
const START = 1_760_000_000_000
const row = (timeMs: number, session: string, path: string): TraceRow => ({ timeMs, workspace: 'shop', session, path })

function setUp(rows: readonly TraceRow[], options: Partial<ReplayOptions>) {
  const clock = createManualClock(START)
  const log = createMemoryEventLog({ partitions: 1, clock })
  async function* stream() {
    yield* rows
  }
  const deps = { log, codec, clock, newId: () => 'replay-1' }
  const stats = replayTrace(deps, { rows: stream, speed: 'max', keepTimes: false, shards: 1, ...options })
  const events = () => messagesOn({ log, codec }, 'access-events')
  return { clock, stats, events }
}

const shape = (events: readonly AccessEvent[]) =>
  events.map(({ session, sequence, sessionEnded, accesses }) => [
    session,
    sequence,
    sessionEnded,
    accesses.map(({ path, timeMs }) => `${path}@${timeMs}`).join(' '),
  ])

describe('replaying a trace', () => {
  it('at full speed keeps its order and gaps, and ends now', async () => {
    const rows = [
      row(1_000, 's:1:tsc', 'a'),
      row(1_010, 's:2:tsc', 'b'),
      row(1_020, 's:1:tsc', 'c'),
      row(9_000, 's:2:tsc', 'd'),
    ]
    const { stats, events } = setUp(rows, {})
    expect(await stats).toEqual({ published: 4, records: 3, sessions: 2, skipped: 0 })
    expect(shape(await events())).toEqual([
      ['s:1:tsc', 0, true, `a@${START - 8_000} c@${START - 7_980}`],
      ['s:2:tsc', 0, false, `b@${START - 7_990}`],
      ['s:2:tsc', 1, true, `d@${START}`],
    ])
  })

  it('keeps the times when asked, and puts all under another workspace', async () => {
    const { stats, events } = setUp([row(5, 'x', 'a')], { keepTimes: true, workspace: 'other' })
    await stats
    expect(await events()).toMatchObject([{ workspace: 'other', analyzer: 'unknown', accesses: [{ timeMs: 5 }] }])
  })

  it('keeps the pace that it is told: a row goes out when it is due, under the time of then', async () => {
    const { clock, stats, events } = setUp([row(0, 's', 'a'), row(10_000, 's', 'b'), row(30_000, 's', 'c')], {
      speed: 10,
    })
    await eventually(
      () => clock.sleepers(),
      (count) => count === 1,
    )
    expect(shape(await events())).toEqual([['s', 0, false, `a@${START}`]])
    clock.advance(999)
    expect(clock.sleepers()).toBe(1)
    clock.advance(1)
    await eventually(events, (list) => list.length === 2)
    await eventually(
      () => clock.sleepers(),
      (count) => count === 1,
    )
    clock.advance(2_000)
    await stats
    expect(shape(await events())).toEqual([
      ['s', 0, false, `a@${START}`],
      ['s', 1, false, `b@${START + 1_000}`],
      ['s', 2, true, `c@${START + 3_000}`],
    ])
  })

  it('cuts long sessions into batches that number on', async () => {
    const rows = Array.from({ length: 1_234 }, (_, index) => row(7, 's', `f${index}`))
    const { stats, events } = setUp(rows, {})
    expect(await stats).toMatchObject({ published: 1_234, records: 3 })
    expect((await events()).map(({ sequence, accesses }) => [sequence, accesses.length])).toEqual([
      [0, 500],
      [500, 500],
      [1_000, 234],
    ])
  })

  it('leaves out what no reader would take, and counts it', async () => {
    const { stats, events } = setUp([row(1, 's', '../x'), row(2, 's', 'a'), row(3, '', 'b'), row(4, 's', '/abs')], {})
    expect(await stats).toMatchObject({ published: 1, skipped: 3 })
    expect((await events()).at(-1)).toMatchObject({ session: 's', sessionEnded: true })
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const { clock, stats } = setUp([row(0, 's', 'a'), row(10_000, 's', 'b')], { speed: 1, signal: stop.signal })
    await eventually(
      () => clock.sleepers(),
      (count) => count === 1,
    )
    stop.abort()
    expect(await stats).toMatchObject({ records: 2 })
  })

  it.each([
    ['typeorm:bf4a63a168:tsc', 'tsc'],
    ['typeorm:6646878e:0', 'unknown'],
    ['plain', 'unknown'],
    ['a:b:rust-analyzer', 'rust-analyzer'],
  ])('takes the analyzer of %s to be %s', (session, analyzer) => {
    expect(analyzerOf(session)).toBe(analyzer)
  })
})
