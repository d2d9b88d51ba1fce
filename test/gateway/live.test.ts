import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createMemoryEventLog } from '../../src/adapters/memory/event-log.ts'
import { LiveWorkspaces } from '../../src/flows/gateway/live/live.ts'
import type { AccessEvent, AccessOutcome } from '../../src/model/access.ts'
import { inControlGroup, shardKey, shortId } from '../../src/model/identity.ts'
import type { WarmOutcome, WarmOutcomeKind } from '../../src/model/outcome.ts'
import type { CodedTopic, TopicValues } from '../../src/ports/codec.ts'
import type { EventLog } from '../../src/ports/event-log.ts'
import type { LiveSession } from '../../src/ports/live.ts'
import type { WarmCommand } from '../../src/warming/command.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { awayError } from '../support/away-error.ts'
import { anAccess, anAccessEvent } from '../support/records.ts'
import { aCommand, aFile, filesAt } from '../support/warm-worker.ts'

/** The start of a minute. */
const NOON = 1_760_000_040_000
const SESSION = 'shop:1:eslint'

/** A log, what is said on it, and who looks at it. */
function watched(log: EventLog = createMemoryEventLog({ partitions: 4 })) {
  const codec = createEmbeddedCodec()
  const clock = createManualClock(NOON)
  const live = new LiveWorkspaces({ log, codec, clock, sha256Hex, shards: 1 })
  const say = async <Topic extends CodedTopic>(
    topic: Topic,
    value: TopicValues[Topic],
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const encoded = await codec.encode(topic, value)
    const key = shardKey(value.workspace, 0)
    await log.append(topic, [{ key, value: encoded, headers: new Map(Object.entries(headers)) }])
  }
  return {
    ...{ log, clock, live },
    view: async () => {
      clock.advance(1_000)
      return live.view('shop')
    },
    reads: (reads: readonly (readonly [path: string, timeMs: number, outcome?: AccessOutcome])[], over = {}) =>
      say('access-events', eventOf(reads, over)),
    command: (over: Partial<WarmCommand>, headers: Readonly<Record<string, string>> = {}) =>
      say('warm-commands', aCommand({ issuedAtMs: NOON, session: SESSION, ...over }), headers),
    outcome: (over: Partial<WarmOutcome>, headers: Readonly<Record<string, string>> = {}) =>
      say('warm-outcomes', anOutcome(over), headers),
  }
}

const eventOf = (
  reads: readonly (readonly [path: string, timeMs: number, outcome?: AccessOutcome])[],
  over: Partial<AccessEvent>,
) =>
  anAccessEvent({
    session: SESSION,
    accesses: reads.map(([path, timeMs, outcome = 'miss']) => anAccess({ path, timeMs, outcome })),
    ...over,
  })

const warmed = (path: string, finishedAtMs: number, outcome: WarmOutcomeKind = 'warmed') => ({
  ...{ path, layer: 'content', version: 'v1', outcome, detail: '', bytes: 3, finishedAtMs },
  ...{ reason: 'profile', probability: 0.5, horizonAtMs: NOON + 600_000 },
})

const anOutcome = (over: Partial<WarmOutcome>): WarmOutcome => ({
  ...{ commandId: 'command-1', workspace: 'shop', shard: 0, runId: null, worker: 'worker-1', issuedAtMs: NOON },
  ...{ mode: 'warm', firstFile: 0, pressure: 0, files: [] },
  ...over,
})

const fatesOf = (session: LiveSession | undefined) =>
  Object.fromEntries((session?.latestPredictions ?? []).map(({ path, fate }) => [path, fate]))

describe('a session', () => {
  test('shows of each prediction where it stands', async () => {
    const { reads, command, outcome, view } = watched()
    const horizonAtMs = NOON + 600_000
    const paths = ['asked', 'ready', 'hit', 'late', 'early', 'refused']
    const files = [
      ...paths.map((path) => aFile({ path, horizonAtMs })),
      aFile({ path: 'unread', horizonAtMs: NOON + 5_000 }),
    ]
    await reads([['main', NOON - 1_000]])
    await command({ files })
    await outcome({
      files: [
        ...['ready', 'hit', 'late', 'unread'].map((path) => warmed(path, NOON + 2_000)),
        warmed('refused', NOON + 2_000, 'skipped'),
      ],
    })
    await reads([
      ['late', NOON + 1_000],
      ['early', NOON + 1_500],
      ['hit', NOON + 6_000, 'warmHit'],
    ])
    const [session] = (await view()).sessions
    expect(fatesOf(session)).toEqual({
      asked: 'asked',
      ready: 'ready',
      hit: 'hit',
      late: 'late',
      early: 'late',
      refused: 'notWarmed',
      unread: 'unread',
    })
    expect(session?.fates).toEqual({ asked: 1, ready: 1, hit: 1, late: 2, unread: 1, notWarmed: 1 })
    expect(session).toMatchObject({ reads: 4, outcomes: { miss: 3, warmHit: 1 }, ended: false })
    expect(session?.latestReads.map(({ path }) => path)).toEqual(['hit', 'early', 'late', 'main'])
  })

  test('a read counts for a prediction also when it is known before it', async () => {
    const { reads, command, view } = watched()
    await reads([['a', NOON + 10]])
    await command({ files: [aFile({ path: 'a' })] })
    expect(fatesOf((await view()).sessions[0])).toEqual({ a: 'late' })
  })

  test('is shown the same to who looks only once it is over, however much was read', async () => {
    const { reads, command, outcome, view } = watched()
    const paths = Array.from({ length: 500 }, (_, at) => `f${at}`)
    await reads(paths.map((path, at) => [path, NOON + 1_000 + at, 'warmHit'] as const))
    await command({ files: filesAt(...paths) })
    await outcome({ files: paths.map((path) => warmed(path, NOON + 500)) })
    expect((await view()).sessions[0]?.fates).toMatchObject({ hit: 500, ready: 0 })
  })

  test('a read before a prediction is not for it', async () => {
    const { reads, command, view } = watched()
    await reads([['a', NOON - 10]])
    await command({ files: [aFile({ path: 'a' })] })
    expect(fatesOf((await view()).sessions[0])).toEqual({ a: 'asked' })
  })

  test('has ended when its analyzer says so, and the one that reads latest is the first of eight', async () => {
    const { reads, view } = watched()
    for (const at of Array.from({ length: 9 }, (_, index) => index)) {
      await reads([['a', NOON + at]], { session: `s${at}`, sessionEnded: at < 8 })
    }
    const { sessions } = await view()
    expect(sessions.map(({ session }) => session)).toEqual(['s8', 's7', 's6', 's5', 's4', 's3', 's2', 's1'])
    expect(sessions.map(({ ended }) => ended)).toEqual([false, true, true, true, true, true, true, true])
  })
})

describe('the hit rate of a minute', () => {
  const control = Array.from({ length: 1_000 }, (_, at) => `f${at}`).find((path) =>
    inControlGroup(shortId(path, sha256Hex)),
  )

  test('counts what is treated and what never is apart, and nothing whose outcome nobody saw', async () => {
    const { reads, view } = watched()
    await reads([
      ['a', NOON, 'hit'],
      ['b', NOON + 1, 'warmHit'],
      ['c', NOON + 2, 'miss'],
      ['d', NOON + 3, 'stale'],
      ['e', NOON + 4, 'unknown'],
      [control ?? '', NOON + 5, 'miss'],
      ['a', NOON + 60_000, 'hit'],
    ])
    expect((await view()).minutes).toEqual([
      { minute: NOON, treated: { reads: 4, hits: 2, warmHits: 1 }, control: { reads: 1, hits: 0 } },
      { minute: NOON + 60_000, treated: { reads: 1, hits: 1, warmHits: 0 }, control: { reads: 0, hits: 0 } },
    ])
  })
})

describe('the latency', () => {
  test('is that from the access to the file in the cache, of sessions alone', async () => {
    const { reads, command, outcome, view } = watched()
    await reads([['main', NOON - 500]])
    const files = Array.from({ length: 100 }, (_, at) => `f${at}`)
    const observed = { 'forewarm.observed-at': String(NOON - 500) }
    await command({ files: filesAt(...files) }, observed)
    await command({ id: 'of-a-run', session: null, runId: 'r', files: [aFile({ path: 'x' })] }, observed)
    await outcome({ files: files.map((path, at) => warmed(path, NOON + at)) })
    await outcome({ commandId: 'of-a-run', runId: 'r', files: [warmed('x', NOON + 90_000)] })
    await outcome({ commandId: 'of-nobody', files: [warmed('y', NOON + 90_000)] })
    expect((await view()).latency).toEqual({
      ...{ count: 100, p50Ms: 550, p95Ms: 595, p99Ms: 599 },
      minutes: [{ minute: NOON, p50Ms: 550, p95Ms: 595 }],
    })
  })

  test('is none before a file was warmed, and never below zero', async () => {
    const { reads, command, outcome, view } = watched()
    await reads([['main', NOON]])
    expect((await view()).latency).toBeNull()
    await command({ files: [aFile({ path: 'a' })] }, { 'forewarm.observed-at': String(NOON + 9_000) })
    await outcome({ files: [warmed('a', NOON)] })
    expect((await view()).latency).toMatchObject({ count: 1, p50Ms: 0 })
  })
})

describe('the workers', () => {
  test('are those heard of late, the latest first, with the level of the governor where one is told', async () => {
    const { outcome, view } = watched()
    const files = [warmed('a', NOON + 7)]
    await outcome({ worker: 'w1', files, pressure: 0.25 }, { 'forewarm.governor': '0.5' })
    await outcome({ worker: 'w2', files })
    await outcome({ worker: 'w3', files }, { 'forewarm.governor': '7' })
    await outcome({ worker: 'w1', files: [], pressure: 0.5 }, { 'forewarm.governor': '1' })
    expect((await view()).workers).toEqual([
      { worker: 'w1', atMs: NOON + 7, governor: 1, pressure: 0.5 },
      { worker: 'w3', atMs: NOON + 7, governor: null, pressure: 0 },
      { worker: 'w2', atMs: NOON + 7, governor: null, pressure: 0 },
    ])
  })

  test('are no more than 32', async () => {
    const { outcome, view } = watched()
    for (let at = 0; at < 40; at += 1) await outcome({ worker: `w${at}` })
    const { workers } = await view()
    expect([workers.length, workers[0]?.worker, workers.at(-1)?.worker]).toEqual([32, 'w39', 'w8'])
  })
})

describe('who looks', () => {
  test('sees nothing of another workspace, and no record that cannot be read', async () => {
    const { log, reads, command, view } = watched()
    const key = shardKey('shop', 0)
    await log.append('access-events', [{ key, value: new Uint8Array([1, 2, 3]), headers: new Map() }])
    await reads([['secret', NOON]], { workspace: 'bank', session: 'b' })
    await command({ workspace: 'bank', session: SESSION, files: [aFile({ path: 'secret' })] })
    await reads([['a', NOON]])
    const { sessions, minutes } = await view()
    expect(sessions.map(({ latestReads }) => latestReads.map(({ path }) => path))).toEqual([['a']])
    expect(minutes.map(({ treated }) => treated.reads)).toEqual([1])
  })

  test('shares what was read less than a second ago, and sees what is new after it', async () => {
    const { clock, live, reads } = watched()
    await reads([['a', NOON]])
    const first = await live.view('shop')
    await reads([['b', NOON]])
    expect(await live.view('shop')).toBe(first)
    expect(first.sessions[0]?.reads).toBe(1)
    clock.advance(1_000)
    expect((await live.view('shop')).sessions[0]?.reads).toBe(2)
  })

  test('begins near the end of a long log', async () => {
    const { reads, view } = watched()
    for (let at = 0; at < 2_010; at += 1) await reads([['a', NOON + at]])
    expect((await view()).sessions[0]?.reads).toBe(2_000)
  })

  test('is told when the log is away, and goes on when it is back', async () => {
    const log = createMemoryEventLog({ partitions: 4 })
    let isAway = true
    const bounds: EventLog['bounds'] = async (at) => {
      if (isAway) throw awayError('FW_LOG_UNAVAILABLE')
      return log.bounds(at)
    }
    const { reads, view } = watched({ ...log, bounds })
    await reads([['a', NOON]])
    await expect(view()).rejects.toThrow('away')
    isAway = false
    expect((await view()).sessions[0]?.reads).toBe(1)
  })
})
