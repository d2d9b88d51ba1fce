import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { DEFAULT_INGEST_OPTIONS } from '../../src/flows/ingest/handler.ts'
import { deleteModel, dumpModel, listWorkspaces, rebuildModel } from '../../src/flows/model-admin.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { bucketOf, partitionOf, shardKey } from '../../src/model/identity.ts'
import { DEFAULT_LIMITS } from '../../src/model/limits.ts'
import type { Codec } from '../../src/ports/codec.ts'
import type { ModelStore } from '../../src/ports/model-store.ts'
import { eventually } from '../support/eventually.ts'
import { Crash } from '../support/faulty-store.ts'
import { createIngestWorld, type IngestWorld } from '../support/ingest-world.ts'
import { recordsOn } from '../support/log-contents.ts'
import { startIngest } from '../support/run-ingest.ts'

const START = 1_760_000_000_000

/** One session of a workspace that reads these paths, a second apart. */
function reads(workspace: string, session: string, paths: readonly string[]): AccessEvent {
  const accesses = paths.map((path, at) => ({
    path,
    timeMs: START + at * 1_000,
    layer: 'content',
    version: null,
    outcome: 'hit' as const,
    warmedBy: null,
  }))
  const names = { workspace, session, analyzer: 'lint', revision: null, publisher: 'p', sequence: 0 }
  return { ...names, sessionEnded: false, forget: false, accesses, changes: [] }
}

const append = (world: IngestWorld, event: AccessEvent) => world.append({ topic: 'access-events', event })

const parkedOf = (world: IngestWorld) => recordsOn(world.log, 'dead-letters')

/** A process that is killed once `workspace` has got on, most often while it still reads the record `slow` of another. */
function killedAtProgressOf(workspace: string, { world, slow }: { world: IngestWorld; slow: Uint8Array }) {
  const killed = Promise.withResolvers<never>()
  killed.promise.catch(() => {})
  const store: ModelStore = {
    ...world.store,
    async apply(request) {
      const result = await world.store.apply(request)
      if (request.bucket !== bucketOf(shardKey(workspace, 0)) || request.rows.length === 0) return result
      killed.reject(new Crash('killed from outside'))
      return killed.promise
    },
  }
  const codec: Codec = {
    ...world.deps.codec,
    async decode(topic, bytes) {
      if (Buffer.from(bytes).equals(Buffer.from(slow))) await Promise.race([killed.promise, manyTurns()])
      return world.deps.codec.decode(topic, bytes)
    },
  }
  return { ...world.deps, store, codec }
}

/** Many times what the other partition needs for its record. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) await nextTick()
}

const settings = { ...DEFAULT_INGEST_OPTIONS, batchRecordsMax: 10, group: 'ingest' }

describe('ingest', () => {
  test('parks what cannot be read or lies in the wrong place, with untouched bytes, and counts the rest', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    const key = shardKey('w', 0)
    const garbage = new Uint8Array([1, 2, 3])
    const headers = new Map([['traceparent', '00-aa-bb-01']])
    await append(world, reads('w', 's', ['a', 'b']))
    await world.log.append('access-events', [{ key, value: garbage, headers }])
    const foreign = await world.deps.codec.encode('access-events', reads('other', 's', ['x']))
    await world.log.append('access-events', [{ key, value: foreign, headers: new Map() }])
    await append(world, reads('w', 't', ['a']))
    const process = await world.run('ingest', world.store)
    await world.caughtUp(['w'], world.store, [process.watched])
    await process.stop()
    const { files } = await dumpModel(world.deps, 'w')
    expect(files.map(({ path, frequency }) => [path, frequency])).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    const [unreadable, misrouted] = await parkedOf(world)
    expect(unreadable?.value).toEqual(garbage)
    expect(misrouted?.value).toEqual(foreign)
    expect(Object.fromEntries(unreadable?.headers ?? [])).toMatchObject({
      traceparent: '00-aa-bb-01',
      'forewarm.error.topic': 'access-events',
      'forewarm.error.partition': String(partitionOf(key, 2)),
      'forewarm.error.offset': '1',
      'forewarm.error.stage': 'ingest',
    })
    expect(misrouted?.headers.get('forewarm.error.reason')).toContain('the key is not the one')
    await world.log.close()
  })

  test('parks a record once, however long the store takes no writes', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    world.store.faults.push(...Array.from({ length: 5 }, () => 'full' as const))
    await append(world, reads('w', 's', ['a']))
    await world.log.append('access-events', [{ key: shardKey('w', 0), value: new Uint8Array([1]), headers: new Map() }])
    const flow = await startIngest(world.deps, settings)
    await world.caughtUp(['w'], world.store, [])
    await flow.stop()
    expect((await dumpModel(world.deps, 'w')).files[0]?.frequency).toBe(1)
    expect(await parkedOf(world)).toHaveLength(1)
    await world.log.close()
  })

  test('waits for a schema that cannot be had now, and loses nothing', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    let away = 3
    const codec: Codec = {
      ...world.deps.codec,
      decode: async (topic, bytes) => {
        if (away-- > 0) return { ok: false, retriable: true, reason: 'registry away' }
        return world.deps.codec.decode(topic, bytes)
      },
    }
    await append(world, reads('w', 's', ['a']))
    await append(world, reads('w', 't', ['a']))
    const flow = await startIngest({ ...world.deps, codec }, settings)
    await world.caughtUp(['w'], world.store, [])
    await flow.stop()
    expect((await dumpModel(world.deps, 'w')).files[0]?.frequency).toBe(2)
    expect(await parkedOf(world)).toEqual([])
    await world.log.close()
  })

  test('sets aside the record that kills its process again and again, and nothing else', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    const killer = await world.deps.codec.encode('access-events', reads('w', 'killer', ['a']))
    const codec: Codec = {
      ...world.deps.codec,
      decode: async (topic, bytes) => {
        if (Buffer.from(bytes).equals(Buffer.from(killer))) throw new Crash('the record kills')
        return world.deps.codec.decode(topic, bytes)
      },
    }
    await append(world, reads('w', 's', ['a']))
    await world.log.append('access-events', [{ key: shardKey('w', 0), value: killer, headers: new Map() }])
    await append(world, reads('w', 't', ['a']))
    let deaths = 0
    for (;;) {
      const flow = await startIngest({ ...world.deps, codec }, settings)
      const caughtUp = world.caughtUp(['w'], world.store, []).then(() => 'done')
      const end = await Promise.race([caughtUp, flow.ended.catch(() => 'dead')])
      if (end === 'done') {
        await flow.stop()
        break
      }
      caughtUp.catch(() => {})
      deaths += 1
    }
    expect(deaths).toBeLessThan(8)
    const parked = await parkedOf(world)
    expect(parked.map(({ value }) => Buffer.from(value))).toEqual([Buffer.from(killer)])
    expect(parked[0]?.headers.get('forewarm.error.reason')).toContain('while handling it')
    expect((await dumpModel(world.deps, 'w')).files[0]?.frequency).toBe(2)
    await world.log.close()
  })

  test('takes no record for a killer that is only there whenever its process is killed from outside', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    const slow = await world.deps.codec.encode('access-events', reads('quiet', 's', ['a']))
    expect(partitionOf(shardKey('quiet', 0), 2)).not.toBe(partitionOf(shardKey('other', 0), 2))
    await world.log.append('access-events', [{ key: shardKey('quiet', 0), value: slow, headers: new Map() }])
    for (let life = 0; life < 12; life += 1) {
      await append(world, reads('other', `s${life}`, ['b']))
      const flow = await startIngest(killedAtProgressOf('other', { world, slow }), settings)
      await expect(flow.ended).rejects.toThrow('killed from outside')
    }
    const flow = await startIngest(world.deps, settings)
    await world.caughtUp(['quiet', 'other'], world.store, [])
    await flow.stop()
    expect(await parkedOf(world)).toEqual([])
    expect((await dumpModel(world.deps, 'quiet')).files[0]?.frequency).toBe(1)
    expect((await dumpModel(world.deps, 'other')).files[0]?.frequency).toBe(12)
    await world.log.close()
  })

  test('refuses a model that was made with other limits, and names them', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    await (await startIngest(world.deps, settings)).stop()
    const limits = { ...DEFAULT_LIMITS, coAccessMax: 3 }
    await expect(startIngest({ ...world.deps, limits }, settings)).rejects.toMatchObject({
      code: 'FW_MODEL_MISMATCH',
      message: expect.stringContaining('coAccessMax=3'),
    })
    await world.log.close()
  })

  test('stops loudly when records that the model needs are gone, and goes on when that is accepted', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    const partition = { topic: 'access-events', partition: partitionOf(shardKey('w', 0), 2) } as const
    await append(world, reads('w', 's', ['a']))
    const process = await world.run('ingest', world.store)
    await world.caughtUp(['w'], world.store, [process.watched])
    await process.stop()
    for (const session of ['t', 'u', 'v']) await append(world, reads('w', session, ['a']))
    world.log.faults.truncate(partition, 3)
    const refused = await startIngest(world.deps, settings)
    await expect(refused.ended).rejects.toMatchObject({ code: 'FW_LOG_TRUNCATED' })
    const accepting = await startIngest(world.deps, { ...settings, acceptTruncated: true })
    await eventually(
      async () => (await dumpModel(world.deps, 'w')).files[0]?.frequency,
      (frequency) => frequency === 2,
    )
    await accepting.stop()
    await world.log.close()
  })

  test('forgets a workspace, rebuilds another from the log, and lists those that are left', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    const process = await world.run('ingest', world.store)
    for (const workspace of ['gone', 'kept']) await append(world, reads(workspace, 's', ['a', 'b']))
    await world.caughtUp(['gone', 'kept'], world.store, [process.watched])
    const before = await dumpModel(world.deps, 'kept')
    await deleteModel(world.deps, 'gone')
    await rebuildModel(world.deps, 'kept')
    await world.caughtUp(['gone', 'kept'], world.store, [process.watched])
    expect(await dumpModel(world.deps, 'kept')).toEqual(before)
    expect((await dumpModel(world.deps, 'gone')).files).toEqual([])
    expect(await listWorkspaces(world.store)).toEqual(['kept'])
    await process.stop()
    await world.log.close()
  })

  test('reports what it folded', async () => {
    const world = createIngestWorld(DEFAULT_LIMITS)
    await append(world, reads('w', 's', ['a', 'b', 'a']))
    const process = await world.run('ingest', world.store)
    await world.caughtUp(['w'], world.store, [process.watched])
    await process.stop()
    const { total } = world.telemetry
    expect(total('forewarm.ingest.accesses')).toBe(3)
    expect(total('forewarm.access.outcomes')).toBe(3)
    expect(total('forewarm.ingest.records')).toBe(1)
    await world.log.close()
  })
})
