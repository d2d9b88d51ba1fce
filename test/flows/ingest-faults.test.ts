import { setImmediate as nextTick } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dumpModel } from '../../src/flows/model-admin.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { bucketOf, shardKey } from '../../src/model/identity.ts'
import { DEFAULT_LIMITS } from '../../src/model/limits.ts'
import type { WriteFault } from '../support/faulty-store.ts'
import { type HistoryRecord, histories, SMALL_LIMITS } from '../support/histories.ts'
import { createIngestWorld, type IngestWorld, rowsOf } from '../support/ingest-world.ts'
import { Oracle } from '../support/oracle.ts'

const WORKSPACES = ['w1', 'w2', '__proto__']

type Action =
  | { readonly kind: 'write'; readonly fault: WriteFault }
  | { readonly kind: 'rollBack'; readonly workspace: number; readonly writes: number }
  | { readonly kind: 'loseAll' }
  | { readonly kind: 'reassign'; readonly zombies: boolean }
  | { readonly kind: 'redeliver'; readonly back: number }
  | { readonly kind: 'run'; readonly turns: number }

const fault = fc.constantFrom<WriteFault>('unavailable', 'full', 'replyLost', 'crashBefore', 'crashAfter')
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), fault }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('rollBack' as const),
      workspace: fc.nat(2),
      writes: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('loseAll' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reassign' as const), zombies: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('redeliver' as const), back: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('run' as const), turns: fc.integer({ min: 1, max: 40 }) }) },
)

async function act(world: IngestWorld, one: Action): Promise<void> {
  const { store, log } = world
  if (one.kind === 'write') store.faults.push(one.fault)
  if (one.kind === 'rollBack') await store.rollBack(bucketOf(shardKey(WORKSPACES[one.workspace] ?? '', 0)), one.writes)
  if (one.kind === 'loseAll') for (let bucket = 0; bucket < 1_024; bucket += 1) await store.dropBucket(bucket)
  if (one.kind === 'reassign') await log.faults.reassign('ingest', { zombies: one.zombies })
  if (one.kind === 'redeliver') {
    for (const topic of ['access-events', 'warm-outcomes'] as const) {
      const { end } = await log.bounds({ topic, partition: 0 })
      log.faults.redeliver({ topic, partition: 0 }, Math.max(0, end - one.back))
    }
  }
  if (one.kind === 'run') for (let turn = 0; turn < one.turns; turn += 1) await nextTick()
}

const marker = (workspace: string): HistoryRecord => {
  const names = { workspace, session: 'marker', analyzer: 'marker', revision: null, publisher: '', sequence: 0 }
  return { topic: 'access-events', event: { ...names, sessionEnded: false, forget: false, accesses: [], changes: [] } }
}

function mixed(lists: readonly (readonly HistoryRecord[])[]): HistoryRecord[] {
  const longest = Math.max(...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat()
}

/** Plays records and faults against two processes of one group and one of another, all on the same store. */
async function play(records: readonly HistoryRecord[], actions: readonly Action[], processes: readonly string[]) {
  const world = createIngestWorld(SMALL_LIMITS)
  const running = await Promise.all(processes.map((group) => world.run(group, world.store)))
  const gap = Math.max(1, Math.floor(records.length / (actions.length + 1)))
  let next = 0
  for (const [at, record] of records.entries()) {
    await world.append(record)
    const one = at % gap === gap - 1 ? actions[next++] : undefined
    if (one !== undefined) await act(world, one)
  }
  world.store.faults.length = 0
  for (const workspace of WORKSPACES) {
    await world.append(marker(workspace))
    await world.append({ topic: 'warm-outcomes', outcome: { ...EMPTY_OUTCOME, workspace } })
  }
  const watched = running.map((process) => process.watched)
  await world.caughtUp(WORKSPACES, world.store, watched)
  await Promise.all(running.map((process) => process.stop()))
  return world
}

const EMPTY_OUTCOME = {
  commandId: 'none',
  shard: 0,
  runId: null,
  worker: 'w',
  issuedAtMs: 0,
  mode: 'warm',
  firstFile: 0,
  pressure: 0,
  files: [],
} as const

/** The same records, folded by one process that nothing befalls. */
async function undisturbed(world: IngestWorld) {
  const store = world.newStore()
  const process = await world.run('reference', store)
  await world.caughtUp(WORKSPACES, store, [process.watched])
  await process.stop()
  return store
}

const byPath = (files: Iterable<{ path: string }>): Map<string, unknown> =>
  new Map([...files].map((file) => [file.path, file]))

function oracleOf(records: readonly HistoryRecord[], workspace: string): Oracle {
  const oracle = new Oracle(SMALL_LIMITS)
  for (const record of records) {
    if (record.topic === 'access-events' && record.event.workspace === workspace) oracle.event(record.event)
    if (record.topic === 'warm-outcomes' && record.outcome.workspace === workspace) oracle.outcome(record.outcome)
  }
  return oracle
}

const sum = (settlements: readonly { hit: number; late: number; wasted: number; dropped: number }[]): number =>
  settlements.reduce((total, one) => total + one.hit + one.late + one.wasted + one.dropped, 0)

/** A failure tells its seed; to shrink it would take minutes. */
const RUNS = 40
const perWorkspace = fc.tuple(...WORKSPACES.map((workspace) => histories(workspace, 25)))
const faults = fc.array(action, { minLength: 4, maxLength: 25 })
const processes = fc.constantFrom(['ingest'], ['ingest', 'ingest'], ['ingest', 'ingest', 'rival'])

describe('ingest', () => {
  test('counts every access once, whatever befalls writers, store and log, to the last byte', async () => {
    await fc.assert(
      fc.asyncProperty(perWorkspace, faults, processes, async (lists, actions, groups) => {
        const records = mixed(lists).filter((record) => record.topic === 'access-events')
        const world = await play(records, actions, groups)
        const reference = await undisturbed(world)
        for (const workspace of WORKSPACES) {
          expect(await rowsOf(world.store, workspace)).toEqual(await rowsOf(reference, workspace))
          const dump = await dumpModel(world.deps, workspace)
          expect(byPath(dump.files)).toEqual(byPath(oracleOf(records, workspace).dumpFiles()))
        }
        await world.log.close()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })

  test('settles every prediction once, and counts accesses as if there were none', async () => {
    await fc.assert(
      fc.asyncProperty(perWorkspace, faults, processes, async (lists, actions, groups) => {
        const records = mixed(lists).map((record) =>
          record.topic === 'access-events' ? { ...record, event: { ...record.event, forget: false } } : record,
        )
        const world = await play(records, actions, groups)
        for (const workspace of WORKSPACES) {
          const dump = await dumpModel(world.deps, workspace)
          const oracle = oracleOf(records, workspace)
          const expected = oracle.dumpShard()
          expect(byPath(dump.files)).toEqual(byPath(oracle.dumpFiles()))
          const shard = dump.shards.get(shardKey(workspace, 0))
          if (shard === undefined) {
            expect([expected.accesses, expected.outcomeWatermark]).toEqual([0, 0])
            continue
          }
          expect(shard.openSessions).toEqual(expected.openSessions)
          expect(shard.closedSessions).toEqual(expected.closedSessions)
          expect(shard.runs).toEqual(expected.runs)
          expect(shard.minutes).toEqual(expected.minutes)
          expect(sum(shard.settlements) + shard.openPredictions.length).toBe(
            sum(expected.settlements) + expected.openPredictions.length,
          )
        }
        await world.log.close()
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })

  test('cuts a record that one write cannot hold, and goes on inside of it after a crash', async () => {
    const accesses = Array.from({ length: 1_000 }, (_, at) => ({
      path: `file-${at}`,
      timeMs: 1_760_000_000_000 + at,
      layer: 'content',
      version: null,
      outcome: 'unknown' as const,
      warmedBy: null,
    }))
    const names = { workspace: 'w1', session: 's', analyzer: 'a', revision: null, publisher: 'p', sequence: 0 }
    const event: AccessEvent = { ...names, sessionEnded: true, forget: false, accesses, changes: [] }
    const forget: AccessEvent = { ...event, session: 't', forget: true, accesses: accesses.slice(0, 3) }
    const world = createIngestWorld(DEFAULT_LIMITS)
    // Every other write marks a bucket before a shard is read from it.
    const crash: WriteFault[] = ['none', 'crashBefore', 'none', 'crashAfter', 'none', 'replyLost']
    world.store.faults.push(...Array.from({ length: 30 }, (_, at) => crash[at % crash.length] ?? 'none'))
    const process = await world.run('ingest', world.store)
    const oracle = new Oracle(DEFAULT_LIMITS)
    for (const one of [event, forget]) {
      await world.append({ topic: 'access-events', event: one })
      oracle.event(one)
      await world.caughtUp(['w1'], world.store, [process.watched])
      const dump = await dumpModel(world.deps, 'w1')
      expect(byPath(dump.files)).toEqual(byPath(oracle.dumpFiles()))
    }
    world.store.faults.length = 0
    await process.stop()
    expect(world.crashes()).toBeGreaterThan(3)
    await world.log.close()
  })
})
