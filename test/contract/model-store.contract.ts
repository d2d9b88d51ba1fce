import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import type { ApplyRequest, ModelStore, RowAddress, RowSpace, RowWrite } from '../../src/ports/model-store.ts'

/** What a store under test is: `open` gives a new client of one and the same store, which is empty before the suite. */
export type ModelStoreSubject = {
  open(): Promise<ModelStore>
  stop(): Promise<void>
}

const shardId = (key: string): string => sha256Hex(key).slice(0, 16)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const plain = (values: readonly (Uint8Array | null)[]): (string | null)[] =>
  values.map((value) => (value === null ? null : Buffer.from(value).toString()))

const shard = shardId('workspace#0')
let nextBucket = 0
/** Tests share a store, so each takes buckets of its own. */
const freshBucket = (): number => {
  nextBucket += 1
  return nextBucket
}

const row = (name: string, text: string | null, space: RowSpace = 'model'): RowWrite => ({
  shard,
  space,
  row: name,
  value: text === null ? null : bytes(text),
})

async function allRows(store: ModelStore, address: RowAddress): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>()
  for await (const chunk of store.scan(address)) {
    for (const [name, value] of chunk) all.set(name, value)
  }
  return all
}

/** The promises of the ModelStore port. */
export function describeModelStore(name: string, start: () => Promise<ModelStoreSubject>): void {
  describe(`model store: ${name}`, () => {
    let subject: ModelStoreSubject
    let store: ModelStore
    beforeAll(async () => {
      subject = await start()
      store = await subject.open()
    })
    afterAll(async () => {
      await store?.close()
      await subject?.stop()
    })

    test('a bucket that nobody wrote has no fence and no rows', async () => {
      const bucket = freshBucket()
      expect(await store.fences([bucket, bucket])).toEqual([null, null])
      expect(await store.get({ bucket, shard, space: 'model' }, ['h'])).toEqual([null])
      expect((await allRows(store, { bucket, shard, space: 'model' })).size).toBe(0)
    })

    test('fences come back in the order asked', async () => {
      const [one, two, none] = [freshBucket(), freshBucket(), freshBucket()]
      await store.apply({ bucket: one, expected: null, next: '1.0/0.0', rows: [] })
      await store.apply({ bucket: two, expected: null, next: '9007199254740993.7/0.0', rows: [] })
      expect(await store.fences([two, none, one])).toEqual(['9007199254740993.7/0.0', null, '1.0/0.0'])
    })

    test('rows and fence are written together when the fence is the expected one', async () => {
      const bucket = freshBucket()
      const rows = [row('h', 'header'), row('s.1.0', 'sequence', 'sequences'), row('gone', 'soon')]
      expect(await store.apply({ bucket, expected: null, next: '1', rows })).toEqual({ applied: true })
      const second = [row('h', 'newer'), row('gone', null), row('never was', null)]
      expect(await store.apply({ bucket, expected: '1', next: '2', rows: second })).toEqual({ applied: true })
      expect(await store.fences([bucket])).toEqual(['2'])
      expect(plain(await store.get({ bucket, shard, space: 'model' }, ['gone', 'h', 'h']))).toEqual([
        null,
        'newer',
        'newer',
      ])
      expect(plain(await store.get({ bucket, shard, space: 'sequences' }, ['s.1.0', 'h']))).toEqual(['sequence', null])
    })

    test('nothing is written when the fence is another one, and the answer names it', async () => {
      const bucket = freshBucket()
      const attempt = (expected: string | null, next: string) =>
        store.apply({ bucket, expected, next, rows: [row('h', next)] })
      expect(await attempt('5', '6')).toEqual({ applied: false, fence: null })
      await attempt(null, '1')
      expect(await attempt(null, '2')).toEqual({ applied: false, fence: '1' })
      expect(await attempt('2', '3')).toEqual({ applied: false, fence: '1' })
      expect(await attempt('1 ', '3')).toEqual({ applied: false, fence: '1' })
      expect(plain(await store.get({ bucket, shard, space: 'model' }, ['h']))).toEqual(['1'])
    })

    test('of many writers from the same fence exactly one wins, and all rows are of the winner', async () => {
      const bucket = freshBucket()
      const clients = await Promise.all(Array.from({ length: 4 }, () => subject.open()))
      let expected: string | null = null
      for (let round = 0; round < 10; round += 1) {
        const attempts = Array.from({ length: 20 }, (_, writer): ApplyRequest => {
          const next = `${round}.${writer}`
          return { bucket, expected, next, rows: Array.from({ length: 25 }, (_, at) => row(`f${at}`, next)) }
        })
        const results = await Promise.all(attempts.map((request, at) => clients[at % 4]?.apply(request)))
        const winners = attempts.filter((_, at) => results[at]?.applied === true)
        expect(winners).toHaveLength(1)
        const fence = winners[0]?.next ?? ''
        expect(results.filter((result) => result?.applied === false && result.fence === fence)).toHaveLength(19)
        const rows = await allRows(store, { bucket, shard, space: 'model' })
        expect(new Set(plain([...rows.values()]))).toEqual(new Set([fence]))
        expect(rows.size).toBe(25)
        expected = fence
      }
      await Promise.all(clients.map((client) => client.close()))
    })

    test('500 rows go in one change, 501 are refused and nothing of them is written', async () => {
      const bucket = freshBucket()
      const rows = Array.from({ length: 501 }, (_, at) => row(`r${at}`, `v${at}`))
      await expect(store.apply({ bucket, expected: null, next: '1', rows })).rejects.toThrow('501 rows')
      expect(await store.fences([bucket])).toEqual([null])
      await store.apply({ bucket, expected: null, next: '1', rows: rows.slice(1) })
      expect((await allRows(store, { bucket, shard, space: 'model' })).size).toBe(500)
    })

    test('faulty requests are refused before anything is written', async () => {
      const bucket = freshBucket()
      const request: ApplyRequest = { bucket, expected: null, next: '1', rows: [] }
      const faulty: ApplyRequest[] = [
        { ...request, bucket: 1_024 },
        { ...request, bucket: -1 },
        { ...request, bucket: 0.5 },
        { ...request, next: '' },
        { ...request, rows: [{ shard: '{m1.7}', space: 'model', row: 'h', value: bytes('x') }] },
        { ...request, rows: [row('\ud800', 'half a pair')] },
      ]
      for (const each of faulty) await expect(store.apply(each)).rejects.toThrow(RangeError)
      expect(await store.fences([bucket])).toEqual([null])
    })

    test('names and values of any content come back as they were', async () => {
      const bucket = freshBucket()
      const everyByte = Uint8Array.from({ length: 256 }, (_, at) => at)
      const names = [
        '',
        '\0',
        'a\0b',
        'naïve 文件 🗂',
        '{m1.2}',
        '*',
        '[a-z]?',
        '__proto__',
        'line\r\nline',
        'f'.repeat(300),
      ]
      const ids = [
        'f0123456789abcdef',
        'z0000000000000000',
        'f0123456789ABCDEF',
        '\u1234\u1234\u1234',
        'f0123456789abcde',
      ]
      const rows = [...names, ...ids].map((name, at): RowWrite => {
        const value = at === 0 ? new Uint8Array() : Uint8Array.from([at, ...everyByte])
        return { shard, space: 'model', row: name, value }
      })
      await store.apply({ bucket, expected: null, next: '1', rows })
      const found = await store.get(
        { bucket, shard, space: 'model' },
        rows.map((each) => each.row),
      )
      const scanned = await allRows(store, { bucket, shard, space: 'model' })
      expect(scanned.size).toBe(rows.length)
      for (const [at, each] of rows.entries()) {
        expect(Buffer.from(found[at] ?? []).equals(each.value ?? Buffer.from('no'))).toBe(true)
        expect(Buffer.from(scanned.get(each.row) ?? []).equals(each.value ?? Buffer.from('no'))).toBe(true)
      }
      const deletions = rows.map((each) => ({ ...each, value: null }))
      await store.apply({ bucket, expected: '1', next: '2', rows: deletions })
      expect((await allRows(store, { bucket, shard, space: 'model' })).size).toBe(0)
    })

    test('what a caller does to a value afterwards does not reach the store', async () => {
      const bucket = freshBucket()
      const value = bytes('before')
      await store.apply({ bucket, expected: null, next: '1', rows: [{ shard, space: 'model', row: 'h', value }] })
      value.fill(0)
      expect(plain(await store.get({ bucket, shard, space: 'model' }, ['h']))).toEqual(['before'])
    })

    test('a scan gives every row of its shard and space, and none of another', async () => {
      const bucket = freshBucket()
      const other = shardId('workspace#1')
      let fence: string | null = null
      for (let part = 0; part < 24; part += 1) {
        const rows = Array.from({ length: 500 }, (_, at): RowWrite => {
          const id = shardId(`file ${part * 500 + at}`)
          return row(`f${id}`, `${part * 500 + at}`)
        })
        await store.apply({ bucket, expected: fence, next: `${part}`, rows })
        fence = `${part}`
      }
      const strangers: RowWrite[] = [
        { shard: other, space: 'model', row: 'h', value: bytes('other shard') },
        { shard, space: 'sequences', row: 'h', value: bytes('other space') },
      ]
      await store.apply({ bucket, expected: fence, next: 'end', rows: strangers })
      const all = await allRows(store, { bucket, shard, space: 'model' })
      expect(all.size).toBe(12_000)
      expect(plain([all.get(`f${shardId('file 11999')}`) ?? null])).toEqual(['11999'])
      expect([...(await allRows(store, { bucket, shard: other, space: 'model' })).keys()]).toEqual(['h'])
      const names = Array.from({ length: 1_201 }, (_, at) => `f${shardId(`file ${at * 10}`)}`)
      const some = await store.get({ bucket, shard, space: 'model' }, names)
      expect(plain(some)).toEqual(names.map((_, at) => (at === 1_200 ? null : `${at * 10}`)))
    })

    test('keys of shards come back, however hostile the name of the workspace', async () => {
      const keys = ['a}b{c#0', '{m1.0}:f#0', 'line\nline#1', '__proto__#0', '*#0', '文件#12', 'a b#0', '\0#0']
      const before = new Set(await store.shardKeys())
      const bucket = freshBucket()
      const rows = keys.map((key): RowWrite => {
        const id = shardId(key)
        return { shard: id, space: 'shards', row: id, value: bytes(key) }
      })
      await store.apply({ bucket, expected: null, next: '1', rows })
      const added = (await store.shardKeys()).filter((key) => !before.has(key))
      expect(added.sort()).toEqual([...keys].sort())
      const id = shardId('*#0')
      expect(plain([...(await allRows(store, { bucket, shard: id, space: 'shards' })).values()])).toEqual(['*#0'])
      expect(plain(await store.get({ bucket, shard: id, space: 'shards' }, [id]))).toEqual(['*#0'])
      await store.apply({ bucket, expected: '1', next: '2', rows: rows.map((each) => ({ ...each, value: null })) })
      expect(new Set(await store.shardKeys())).toEqual(before)
    })

    test('dropping a bucket removes its fence and all its rows, and nothing of its neighbours', async () => {
      // The one's number begins with the other's, as a careless pattern would confuse them.
      const [dropped, kept] = [101, 1_010]
      const second = shardId('another#0')
      const rows: RowWrite[] = [
        row('h', '1'),
        row('q', '1', 'sequences'),
        { shard: second, space: 'model', row: 'h', value: bytes('2') },
        { shard: second, space: 'shards', row: second, value: bytes('another#0') },
      ]
      for (const bucket of [dropped, kept]) await store.apply({ bucket, expected: null, next: '1', rows })
      await store.dropBucket(dropped)
      await store.dropBucket(dropped)
      expect(await store.fences([dropped, kept])).toEqual([null, '1'])
      const left = async (bucket: number): Promise<number> => {
        const spaces = [shard, second].flatMap((id) =>
          (['model', 'sequences', 'shards'] as const).map((space) => ({ id, space })),
        )
        const sizes = spaces.map(async ({ id, space }) => (await allRows(store, { bucket, shard: id, space })).size)
        return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
      }
      expect([await left(dropped), await left(kept)]).toEqual([0, 4])
      expect(await store.apply({ bucket: dropped, expected: null, next: '1', rows: [] })).toEqual({ applied: true })
      await store.dropBucket(kept)
    })

    test('the first claim of the meta stands', async () => {
      const other = await subject.open()
      const metas = [store, other, store, other].map((each, at) =>
        each.claim({ partitions: at + 1, shards: 1, limits: 'd' }),
      )
      const answers = await Promise.all(metas)
      expect(new Set(answers.map((answer) => answer.partitions)).size).toBe(1)
      expect(await store.claim({ partitions: 64, shards: 2, limits: 'e' })).toEqual(answers[0])
      await other.close()
    })

    test('a shared value is replaced only by who saw its latest version', async () => {
      const name = 'scorer {weights}\n*'
      expect(await store.shared(name)).toBeNull()
      expect(await store.share(name, bytes('lost'), 1)).toBe(false)
      const firsts = await Promise.all(
        Array.from({ length: 10 }, (_, at) => store.share(name, Uint8Array.from([at, 0, 255]), 0)),
      )
      expect(firsts.filter(Boolean)).toHaveLength(1)
      const first = await store.shared(name)
      expect([first?.version, ...(first?.value ?? [])]).toEqual([1, firsts.indexOf(true), 0, 255])
      expect(await store.share(name, bytes('second'), 1)).toBe(true)
      expect(await store.share(name, bytes('late'), 1)).toBe(false)
      const second = await store.shared(name)
      expect([second?.version, ...plain([second?.value ?? null])]).toEqual([2, 'second'])
      expect(await store.shared('another')).toBeNull()
    })

    test('a store that keeps all keys is verified, and is healthy', async () => {
      await expect(store.verify()).resolves.toBeUndefined()
      expect(await store.healthy()).toBe(true)
      expect(await store.room()).toMatchObject({ evicted: 0 })
    })
  })
}
