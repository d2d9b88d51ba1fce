import { readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openRedis } from '../../src/adapters/redis/connect.ts'
import { createRedisModelStore } from '../../src/adapters/redis/model-store.ts'
import type { ModelStore, RowWrite } from '../../src/ports/model-store.ts'
import { PATIENT } from '../support/patient.ts'
import { type Redis, startRedis } from '../support/services/redis.ts'

const ROWS = 12
const shard = '0123456789abcdef'
const rows = (text: string, count = ROWS): RowWrite[] =>
  Array.from({ length: count }, (_, at) => ({ shard, space: 'model', row: `r${at}`, value: Buffer.from(text) }))

/** Kills the server and cuts its append-only file within the last transaction, at this share of it. */
async function tear(redis: Redis, share: number): Promise<void> {
  await redis.process.kill()
  const folder = join(redis.folder, 'appendonlydir')
  const name = (await readdir(folder)).find((file) => file.endsWith('.incr.aof'))
  const file = join(folder, name ?? 'none')
  const bytes = await readFile(file)
  const begun = bytes.lastIndexOf('MULTI')
  await truncate(file, begun + 'MULTI\r\n'.length + Math.floor((bytes.length - begun - 'MULTI\r\n'.length) * share))
  await redis.process.restart()
}

async function crash(redis: Redis): Promise<void> {
  await redis.process.kill()
  await redis.process.restart()
}

/** What a bucket says and what it holds: `fence: value of each row`. */
async function seen(store: ModelStore, bucket: number): Promise<string> {
  const [fence = null] = await store.fences([bucket])
  const names = rows('').map(({ row }) => row)
  const values = await store.get({ bucket, shard, space: 'model' }, names)
  return `${fence}: ${values.map((value) => (value === null ? '-' : Buffer.from(value).toString())).join('')}`
}

const all = (text: string): string => text.repeat(ROWS)

/** Before the change's first command was whole, within it, and after its last one. */
const SHARES = [0, 0.05, 0.15, 0.4, 0.7, 0.97, 0.999]

test.each(['the same bucket', 'another bucket'])(
  'half of a change that comes back is never taken for a whole one: %s',
  async (which) => {
    const redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
    onTestFinished(redis.stop)
    const store = createRedisModelStore(openRedis({ urls: [redis.url], cluster: false, ...PATIENT }, 'store'), {
      modelVersion: '1',
    })
    onTestFinished(() => store.close())
    let dropped = 0
    for (const [at, share] of SHARES.entries()) {
      const bucket = 2 * at
      const next = which === 'the same bucket' ? bucket : bucket + 1
      await store.apply({ bucket, expected: null, next: '1', rows: rows('1') })
      await store.apply({ bucket, expected: '1', next: '2', rows: rows('2') })
      await tear(redis, share)
      expect(await seen(store, bucket)).toBe(`1: ${all('1')}`)
      // What is written now may be joined to what the crash has left.
      await store.apply({ bucket: next, expected: next === bucket ? '1' : null, next: '3', rows: rows('3', 2) })
      await crash(redis)
      const request = { bucket, expected: '3', next: '4', rows: [] }
      const written = share === 0.4 ? await store.apply(request) : null
      const whole = ['1', '2'].map((text) => `${text}: ${all(text)}`)
      const good = [`null: ${all('-')}`, ...whole, `3: 33${'1'.repeat(ROWS - 2)}`]
      const found = await seen(store, bucket)
      expect(good, `cut at ${share}`).toContain(found)
      if (written !== null) expect(written).toEqual({ applied: false, fence: null })
      if (found.startsWith('null')) dropped += 1
      const again = await store.apply({
        bucket,
        expected: (await store.fences([bucket]))[0] ?? null,
        next: '5',
        rows: [],
      })
      expect(again).toEqual({ applied: true })
    }
    expect(dropped).toBeGreaterThan(2)
  },
)

test('half of a removal that comes back is never taken for a whole one', async () => {
  const redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
  onTestFinished(redis.stop)
  const store = createRedisModelStore(openRedis({ urls: [redis.url], cluster: false, ...PATIENT }, 'store'), {
    modelVersion: '1',
  })
  onTestFinished(() => store.close())
  for (const [at, share] of SHARES.entries()) {
    for (const bucket of [4 * at, 4 * at + 2]) {
      await store.apply({ bucket, expected: null, next: '1', rows: rows('1') })
      await store.dropBucket(bucket)
      await tear(redis, share)
      expect(await seen(store, bucket)).toBe(`1: ${all('1')}`)
      const next = bucket === 4 * at ? bucket : bucket + 1
      await store.apply({ bucket: next, expected: next === bucket ? '1' : null, next: '3', rows: rows('3', 2) })
      await crash(redis)
      const good = [`null: ${all('-')}`, `1: ${all('1')}`, `3: 33${'1'.repeat(ROWS - 2)}`]
      expect(good, `cut at ${share}`).toContain(await seen(store, bucket))
    }
  }
})
