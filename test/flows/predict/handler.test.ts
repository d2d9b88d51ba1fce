import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/adapters/digest.ts'
import { createManualClock, type ManualClock } from '../../../src/adapters/memory/clock.ts'
import { createMemoryEventLog, type MemoryEventLog } from '../../../src/adapters/memory/event-log.ts'
import { createMemoryModelStore } from '../../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../../src/adapters/memory/telemetry.ts'
import { createModelReader } from '../../../src/adapters/near-cache/model-reader.ts'
import { originOf } from '../../../src/flows/dead-letter.ts'
import { createFoldedRuns } from '../../../src/flows/folded-runs.ts'
import { PredictHandler } from '../../../src/flows/predict/handler.ts'
import { appendCommands, OBSERVED_TO_HEADER } from '../../../src/flows/predict/issuer.ts'
import { RunCoordinator } from '../../../src/flows/predict/runs/coordinator.ts'
import { Planner } from '../../../src/flows/predict/runs/planner.ts'
import { RunNotes } from '../../../src/flows/predict/runs/run-notes.ts'
import type { CandidateSource } from '../../../src/flows/predict/source.ts'
import type { AccessEvent } from '../../../src/model/access.ts'
import { CUT_OFFS } from '../../../src/model/candidates/gate.ts'
import { inControlGroup, shardKey, shortId } from '../../../src/model/identity.ts'
import { DEFAULT_LIMITS } from '../../../src/model/limits.ts'
import type { EventLog, LogConsumer } from '../../../src/ports/event-log.ts'
import type { ModelStore } from '../../../src/ports/model-store.ts'
import type { Telemetry } from '../../../src/ports/telemetry.ts'
import type { WarmRequest } from '../../../src/warming/command.ts'
import { createEmbeddedCodec } from '../../../src/wire/embedded-codec.ts'
import { awayError } from '../../support/away-error.ts'
import { eventually } from '../../support/eventually.ts'
import { messagesOn, recordsOn } from '../../support/log-contents.ts'
import { createCountingOrigin } from '../../support/warm-worker.ts'

const PARTITIONS = 4
const NOW = 1_700_000_000_000
const silent: Telemetry = {
  span: (_name, _options, work) => work({ traceparent: null, set: () => {} }),
  current: () => null,
  measure: () => {},
  withdraw: () => {},
}
const codec = createEmbeddedCodec()

const options = {
  shards: 1,
  sessions: { sessionsMax: 100, filesPerSessionMax: 1_000, filesMax: 10_000, idleMs: 1_800_000 },
  gate: { cutOff: CUT_OFFS.medium, horizonMs: 600_000, perSecondMax: 1_000, burstMax: 5_000, openMax: 1_000 },
  bounds: { filesMax: 3, bytesMax: 1_000_000, pressureMax: 0.8 },
  latencyMs: 20,
  workspacesMax: 10,
} as const

/** After a read of `f<n>` come the next five files; by the clock comes `nightly`. */
const nextFive: CandidateSource = {
  async observe(session) {
    const at = Number(session.recent.at(-1)?.path.slice(1))
    return [1, 2, 3, 4, 5].map((step) => ({
      path: `f${at + step}`,
      probability: 1 - step / 10,
      reason: 'sequence',
      expectedAtMs: NOW + step * 1_000,
    }))
  },
  tick: async (_workspace, nowMs) => [
    { path: 'nightly', probability: 0.9, reason: 'seasonal', expectedAtMs: nowMs + 60_000 },
  ],
}

describe('the predict flow', () => {
  let log: MemoryEventLog
  let handler: PredictHandler
  let runs: RunCoordinator
  let store: ModelStore
  let clock: ManualClock
  let consumer: LogConsumer | undefined
  const paused = new Set<string>()

  beforeEach(() => {
    log = createMemoryEventLog({ partitions: PARTITIONS })
    store = createMemoryModelStore()
    clock = createManualClock(NOW)
    handler = makeHandler()
  })
  afterEach(async () => {
    await consumer?.stop()
    await runs.stop()
    consumer = undefined
    paused.clear()
    await log.close()
  })

  const makeHandler = (over: { readonly source?: CandidateSource; readonly log?: EventLog } = {}) => {
    const notes = new RunNotes(store.notes)
    const reader = createModelReader(store, {
      ...{ limits: DEFAULT_LIMITS, sha256Hex, now: () => NOW, freshMs: 0, entriesMax: 100 },
    })
    const folded = createFoldedRuns({ store, sha256Hex, limits: DEFAULT_LIMITS })
    const planner = new Planner({
      ...{ origins: () => createCountingOrigin(new Map()), models: reader, folded, notes, clock },
      ...{
        dependencies: async () => ({ depths: new Map(), asked: 0, known: 0 }),
        isName: () => true,
        hasValue: () => true,
        entriesMax: 100,
      },
    })
    runs = new RunCoordinator({
      ...{ notes, folded, planner, clock, telemetry: silent, logger: SILENT_LOG, newId: randomUUID },
      ...{ paused: () => false, specOf: () => null },
      append: (given) => appendCommands({ log, codec, telemetry: silent }, given),
    })
    const shardKeys = async () => [shardKey('w', 0)]
    const deps = { log, codec, telemetry: silent, sha256Hex, source: nextFive, clock, shardKeys, runs, ...over }
    return new PredictHandler({ ...deps, paused: (workspace) => paused.has(workspace) }, options)
  }
  const start = async () => {
    const topics = ['access-events', 'warm-requests', 'warm-outcomes'] as const
    consumer = await log.consume({ group: 'predict', topics, batchRecordsMax: 100 }, handler)
    await eventually(
      () => consumer?.assignment().length ?? 0,
      (count) => count === topics.length * PARTITIONS,
    )
  }
  const publish = async (session: string, paths: readonly string[], over: Partial<AccessEvent> = {}) => {
    const event: AccessEvent = {
      workspace: 'w',
      session,
      analyzer: 'tsc',
      revision: 'r1',
      publisher: 'p',
      sequence: 0,
      sessionEnded: false,
      forget: false,
      changes: [],
      accesses: paths.map((path, index) => ({
        path,
        timeMs: NOW + index,
        layer: 'content',
        version: null,
        outcome: 'miss' as const,
        warmedBy: null,
      })),
      ...over,
    }
    const value = await codec.encode('access-events', event)
    await log.append('access-events', [{ key: shardKey('w', 0), value, headers: new Map() }])
  }
  const commands = () => messagesOn({ log, codec }, 'warm-commands')
  const deadLetters = () => recordsOn(log, 'dead-letters')
  const commandsOf = (count: number) => eventually(commands, (found) => found.length >= count)

  it('turns the accesses of a session into commands with reason, probability, deadline and revision', async () => {
    await start()
    await publish('s', ['f1'])
    const found = await commandsOf(2)
    const files = found.flatMap((command) => command.files)
    expect(files.map(({ path }) => path).sort()).toEqual(['f2', 'f3', 'f4', 'f5', 'f6'])
    expect(found.every((command) => command.files.length <= options.bounds.filesMax)).toBe(true)
    expect(found[0]).toMatchObject({ workspace: 'w', session: 's', revision: 'r1', runId: null, issuedAtMs: NOW })
    expect(files[0]).toMatchObject({ reason: 'sequence', horizonAtMs: NOW + 600_000 })
    // Five seconds after the read that is expected last, and as much again as that is away.
    const awaited = found.map(({ files }) => Math.max(...files.map(({ expectedAtMs }) => expectedAtMs - NOW)))
    expect(found.map(({ deadlineMs }) => deadlineMs)).toEqual(awaited.map((ms) => NOW + 2 * ms + 5_000))
  })

  it('says on each command which access led to it, and up to which access of any session it had seen', async () => {
    await start()
    const elsewhere = { path: 'x', timeMs: NOW + 5_000, layer: 'content', version: null, warmedBy: null } as const
    await publish('ahead', [], { workspace: 'v', accesses: [{ ...elsewhere, outcome: 'miss' }], sessionEnded: true })
    await publish('s', ['f1', 'f2'])
    await commandsOf(2)
    for (const { headers } of await commands()) {
      expect(headers.get('forewarm.observed-at')).toBe(String(NOW))
      expect(headers.get(OBSERVED_TO_HEADER)).toBe(String(NOW + 5_000))
    }
  })

  it('marks exactly the hashed control group', async () => {
    await start()
    for (let at = 0; at < 400; at += 5) await publish(`s${at}`, [`f${at}`])
    const files = (await commandsOf(80)).flatMap((command) => command.files)
    expect(files.length).toBeGreaterThan(300)
    for (const { path, control } of files) expect(control).toBe(inControlGroup(shortId(path, sha256Hex)))
    expect(files.some(({ control }) => control)).toBe(true)
  })

  it('goes on without the commands of a log that is away, and predicts the same files again once it is back', async () => {
    const { append } = log
    let refused = 0
    log.append = async (topic, records) => {
      if (topic !== 'warm-commands' || refused > 0) return append(topic, records)
      refused += 1
      throw awayError('FW_LOG_UNAVAILABLE')
    }
    await start()
    await publish('s', ['f1'])
    await eventually(
      () => refused,
      (count) => count === 1,
    )
    await publish('t', ['f1'])
    const files = (await commandsOf(2)).flatMap((command) => command.files)
    expect(files.map(({ path }) => path).sort()).toEqual(['f2', 'f3', 'f4', 'f5', 'f6'])
  })

  it('does not predict a file again while its prediction is open', async () => {
    await start()
    await publish('s', ['f1'])
    await commandsOf(2)
    await publish('t', ['f1'])
    await publish('u', ['f100'])
    await eventually(commands, (found) => found.some(({ session }) => session === 'u'))
    expect((await commands()).some(({ session }) => session === 't')).toBe(false)
  })

  it('issues nothing for a workspace that is paused, and goes on when the pause is over', async () => {
    await start()
    paused.add('w')
    await publish('s', ['f1'])
    await publish('other', ['f100'], { workspace: 'v' })
    await eventually(commands, (found) => found.some(({ workspace }) => workspace === 'v'))
    await handler.tick()
    expect((await commands()).filter(({ workspace }) => workspace === 'w')).toEqual([])
    paused.delete('w')
    await publish('s', ['f1'])
    await eventually(commands, (found) => found.some(({ session }) => session === 's'))
  })

  it('waits at a record while the models are away, and goes on from there', async () => {
    let away = 2
    const followed: string[] = []
    const follow = async ({ session }: AccessEvent) => {
      away -= 1
      if (away >= 0) throw awayError('FW_STORE_UNAVAILABLE')
      followed.push(session)
    }
    handler = makeHandler({ source: { ...nextFive, follow } })
    await handler.assigned([{ topic: 'access-events', partition: 0 }])
    await publish('s', ['f1'])
    const [record] = await recordsOn(log, 'access-events')
    if (record === undefined) throw new Error('nothing was published')
    const batch = {
      topic: 'access-events',
      partition: 0,
      records: [{ ...record, partition: 0 }],
      endOffset: 1,
    } as const
    const running = new AbortController().signal
    const waits = { next: 0, pauseMs: expect.any(Number) }
    expect(await handler.batch(batch, running)).toMatchObject(waits)
    expect(await handler.batch(batch, running)).toMatchObject(waits)
    expect(await handler.batch(batch, running)).toMatchObject({ next: 1 })
    expect(followed).toEqual(['s'])
    expect((await commandsOf(2)).length).toBe(2)
  })

  it('lets go what it cannot issue while the log is away, and takes it back', async () => {
    const taken: string[] = []
    const append: EventLog['append'] = async () => {
      throw awayError('FW_LOG_UNAVAILABLE')
    }
    const notIssued = (_workspace: string, paths: readonly string[]) => void taken.push(...paths)
    handler = makeHandler({ log: { ...log, append }, source: { ...nextFive, notIssued } })
    await start()
    await publish('s', ['f1'])
    await eventually(
      () => taken.length,
      (count) => count === 5,
    )
    await expect(handler.tick()).resolves.toBeUndefined()
    expect(taken.at(-1)).toBe('nightly')
  })

  it('stays silent until it has caught up, then goes on from its oldest open session', async () => {
    await publish('open', ['f1'])
    await publish('ended', ['f10'], { sessionEnded: true })
    await start()
    await publish('open', ['f50'])
    const found = await commandsOf(2)
    expect(new Set(found.map(({ session }) => session))).toEqual(new Set(['open']))
    expect(found.flatMap(({ files }) => files.map(({ path }) => path))).not.toContain('f2')
    await consumer?.stop()
    handler = makeHandler()
    await start()
    await eventually(
      () => handler.explain('w', 'open'),
      (candidates) => candidates !== null,
    )
  })

  it('hands warm requests over, the same one once, and commits them only when their runs have ended', async () => {
    await start()
    const request = {
      id: 'run-1',
      workspace: 'w',
      action: 'run' as const,
      strategy: 'unknown',
      spec: null,
      revision: null,
      paths: ['a', 'b', 'c', 'd'],
      layers: ['content'],
      requestedAtMs: NOW,
      requestedBy: 'cli',
      deadlineMs: NOW + 5_000,
    }
    const append = async (fields: Partial<WarmRequest>) => {
      const value = await codec.encode('warm-requests', { ...request, ...fields })
      const [place] = await log.append('warm-requests', [{ key: 'w', value, headers: new Map() }])
      return place?.partition ?? 0
    }
    const partition = await append({})
    await append({})
    const [found] = await commandsOf(1)
    expect(found).toMatchObject({ id: 'run-1/0', runId: 'run-1', mode: 'warm', firstFile: 0 })
    expect(found?.files.map(({ path, reason, control }) => [path, reason, control])).toEqual(
      request.paths.map((path) => [path, 'request', false]),
    )
    expect(runs.resumeOffset(partition, 2)).toBe(0)
    // Another process gets what was not committed, and goes on with the same run.
    await consumer?.stop()
    await runs.stop()
    handler = makeHandler()
    await start()
    await eventually(
      () => runs.resumeOffset(partition, 2),
      (offset) => offset === 0,
    )
    await append({ action: 'cancel' })
    await eventually(
      () => {
        clock.advance(1_000)
        return runs.resumeOffset(partition, 3)
      },
      (offset) => offset === 3,
    )
    expect(await new RunNotes(store.notes).header({ workspace: 'w', id: 'run-1' })).toMatchObject({
      state: 'cancelled',
    })
    expect(new Set((await commands()).map(({ id }) => id))).toEqual(new Set(['run-1/0']))
  })

  it('issues what the clock calls for in the workspaces of its partitions', async () => {
    await start()
    await handler.tick()
    const found = await commandsOf(1)
    expect(found[0]?.files[0]).toMatchObject({ path: 'nightly', reason: 'seasonal' })
    expect(found[0]).toMatchObject({ session: null, shard: 0 })
  })

  it('parks a warm request that cannot be read, with where it came from and why', async () => {
    await start()
    await log.append('warm-requests', [
      { key: 'w', value: new Uint8Array([1, 2, 3]), headers: new Map([['mine', 'kept']]) },
    ])
    const parked = await eventually(deadLetters, (letters) => letters.length === 1)
    expect(originOf({ headers: new Map(parked[0]?.headers) })).toMatchObject({
      topic: 'warm-requests',
      stage: 'predict',
      offset: 0,
    })
    expect(parked[0]?.headers.get('mine')).toBe('kept')
    expect(parked[0]?.value).toEqual(new Uint8Array([1, 2, 3]))
  })

  it('passes over a record that cannot be read and goes on', async () => {
    await start()
    await log.append('access-events', [{ key: shardKey('w', 0), value: new Uint8Array([9, 9]), headers: new Map() }])
    await publish('s', ['f1'])
    expect((await commandsOf(2)).length).toBeGreaterThan(0)
  })
})
