import { expect } from 'vitest'
import { INGEST_TOPICS, parseFence } from '../../src/flows/ingest/fence.ts'
import { asIngest, coveringBucket } from '../../src/flows/ingest/item.ts'
import { dumpModel, type ModelAdminDeps } from '../../src/flows/model-admin.ts'
import type { ShardDump } from '../../src/model/dump.ts'
import { BUCKETS, partitionOf, shardKey } from '../../src/model/identity.ts'
import type { LogRecord } from '../../src/ports/event-log.ts'
import { eventually } from './eventually.ts'
import { recordsOn } from './log-contents.ts'
import { Oracle } from './oracle.ts'

/** Reads all records of both topics, outside of any group. */
export async function readLog({ log }: Pick<ModelAdminDeps, 'log'>): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  for (const topic of INGEST_TOPICS) records.push(...(await recordsOn(log, topic)))
  return records
}

/** Records of the log that the model does not contain yet, as `topic/partition@offset`. */
export async function missingRecords(deps: ModelAdminDeps, records: readonly LogRecord[]): Promise<readonly string[]> {
  const partitions = await deps.log.partitions('access-events')
  const placed = records.map((record) => {
    const routing = { partition: record.partition, partitions, shards: deps.limits.shards, owner: '' }
    return { record, bucket: coveringBucket(record, routing) }
  })
  const buckets = [...new Set(placed.map(({ bucket }) => bucket))]
  const fences = await deps.store.fences(buckets)
  const cursors = new Map(buckets.map((bucket, at) => [bucket, fences[at] ? parseFence(fences[at]) : null]))
  return placed
    .filter(({ record, bucket }) => (cursors.get(bucket)?.[asIngest(record.topic)].next ?? 0) <= record.offset)
    .map(({ record: { topic, partition, offset } }) => `${topic}/${partition}@${offset}`)
}

/** The offsets of all fences together. */
export async function reachedRecords({ store }: Pick<ModelAdminDeps, 'store'>): Promise<number> {
  const fences = await store.fences(Array.from({ length: BUCKETS }, (_, bucket) => bucket))
  const cursors = fences.flatMap((text) => (text === null ? [] : Object.values(parseFence(text))))
  return cursors.reduce((sum, cursor) => sum + cursor.next, 0)
}

/** Waits until everything that the log holds now is contained in the model. */
export async function drained(deps: ModelAdminDeps, withinMs: number): Promise<void> {
  const records = await readLog(deps)
  await eventually(
    () => missingRecords(deps, records),
    (missing) => missing.length === 0,
    { what: 'the end of the log in the model', withinMs, everyMs: 50 },
  )
}

/** Folds the whole log by the independent fold, for each workspace that has a good record. */
export async function foldByOracle(deps: ModelAdminDeps): Promise<ReadonlyMap<string, Oracle>> {
  const oracles = new Map<string, Oracle>()
  const partitions = await deps.log.partitions('access-events')
  const oracleOf = (workspace: string): Oracle => {
    const oracle = oracles.get(workspace) ?? new Oracle(deps.limits)
    oracles.set(workspace, oracle)
    return oracle
  }
  const isAtHome = ({ key, partition }: LogRecord, workspace: string): boolean =>
    key === shardKey(workspace, 0) && partition === partitionOf(key, partitions)
  for (const record of await readLog(deps)) {
    if (record.topic === 'access-events') {
      const read = await deps.codec.decode('access-events', record.value)
      if (read.ok && isAtHome(record, read.value.workspace)) oracleOf(read.value.workspace).event(read.value)
    } else {
      const read = await deps.codec.decode('warm-outcomes', record.value)
      if (read.ok && isAtHome(record, read.value.workspace)) oracleOf(read.value.workspace).outcome(read.value)
    }
  }
  return oracles
}

/** What was compared, so that a test can see that it was not nothing. */
export type Compared = {
  workspaces: number
  accesses: number
  files: number
  sessions: number
  settled: number
  openPredictions: number
  runs: number
}

/** Compares the stored model of every workspace with the independent fold over the whole log: equal to the last count. */
export async function compareWithOracle(deps: ModelAdminDeps): Promise<Compared> {
  const compared = { workspaces: 0, accesses: 0, files: 0, sessions: 0, settled: 0, openPredictions: 0, runs: 0 }
  for (const [workspace, oracle] of await foldByOracle(deps)) {
    const dump = await dumpModel(deps, workspace)
    const expected = oracle.dumpShard()
    expect(byPath(dump.files), `files of ${workspace}`).toEqual(byPath(oracle.dumpFiles()))
    const shard = dump.shards.get(shardKey(workspace, 0))
    expect(shard && sorted(shard), `shard of ${workspace}`).toEqual(sorted(expected))
    compared.workspaces += 1
    compared.accesses += expected.accesses
    compared.files += expected.files
    compared.sessions += expected.openSessions.length + expected.closedSessions.length
    for (const { hit, late, wasted, dropped } of expected.settlements) compared.settled += hit + late + wasted + dropped
    compared.openPredictions += expected.openPredictions.length
    compared.runs += expected.runs.length
  }
  const stored = [...new Set((await deps.store.shardKeys()).map((key) => key.slice(0, key.lastIndexOf('#'))))]
  expect(stored.length, `workspaces in the store: ${stored}`).toBe(compared.workspaces)
  return compared
}

const byPath = (files: Iterable<{ readonly path: string }>): ReadonlyMap<string, unknown> =>
  new Map([...files].map((file) => [file.path, file]))

/** Lists whose order says nothing, in one order. */
const sorted = (dump: ShardDump) => ({
  ...dump,
  settlements: inOrder(dump.settlements, (one) => `${one.reason} ${one.disposition}`),
  openPredictions: inOrder(dump.openPredictions, (one) => `${one.path} ${one.command}`),
  profiles: inOrder(dump.profiles, (one) => one.analyzer),
})

const inOrder = <Item>(items: readonly Item[], name: (item: Item) => string): Item[] =>
  [...items].sort((one, other) => (name(one) < name(other) ? -1 : 1))
