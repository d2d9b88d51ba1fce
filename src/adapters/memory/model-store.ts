import type { ApplyRequest, ApplyResult, ModelMeta, ModelStore, RowAddress } from '../../ports/model-store.ts'
import { assertApplicable, assertBucket, assertShard } from '../model-rows.ts'
import { createMemoryNotes } from './notes.ts'

type Rows = Map<string, Uint8Array>
/** A bucket's fence and its rows by `space/shard`. */
type Bucket = { fence: string | null; readonly tables: Map<string, Rows> }

const CHUNK_ROWS = 500

/** A model store in this process's memory: for tests and replays. Values are copied in and out. */
export function createMemoryModelStore(): ModelStore {
  const buckets = new Map<number, Bucket>()
  const rowsOf = ({ bucket, shard, space }: RowAddress): Rows | undefined => {
    assertBucket(bucket)
    assertShard(shard)
    return buckets.get(bucket)?.tables.get(`${space}/${shard}`)
  }
  return {
    notes: createMemoryNotes(),
    async fences(wanted) {
      return wanted.map((bucket) => {
        assertBucket(bucket)
        return buckets.get(bucket)?.fence ?? null
      })
    },
    async apply(request) {
      assertApplicable(request)
      return applyTo(buckets, request)
    },
    async *scan(address) {
      const all = [...(rowsOf(address) ?? [])]
      for (let at = 0; at < all.length; at += CHUNK_ROWS) {
        yield all.slice(at, at + CHUNK_ROWS).map(([row, value]) => [row, value.slice()] as const)
      }
    },
    async get(address, rows) {
      const table = rowsOf(address)
      return rows.map((row) => table?.get(row)?.slice() ?? null)
    },
    async shardKeys() {
      return shardKeysIn(buckets)
    },
    async dropBucket(bucket) {
      assertBucket(bucket)
      buckets.delete(bucket)
    },
    ...agreedOn(),
    async verify() {},
    room: async () => ({ evicted: 0, memoryShare: 0 }),
    async healthy() {
      return true
    },
    async close() {},
  }
}

/** What holds for all shards: how models are made, and what processes share. */
function agreedOn(): Pick<ModelStore, 'claim' | 'shared' | 'share'> {
  const sharedValues = new Map<string, { readonly value: Uint8Array; readonly version: number }>()
  let storedMeta: ModelMeta | null = null
  return {
    async claim(meta) {
      storedMeta ??= { ...meta }
      return storedMeta
    },
    async shared(name) {
      const found = sharedValues.get(name)
      return found === undefined ? null : { value: found.value.slice(), version: found.version }
    },
    async share(name, value, version) {
      if ((sharedValues.get(name)?.version ?? 0) !== version) return false
      sharedValues.set(name, { value: value.slice(), version: version + 1 })
      return true
    },
  }
}

function applyTo(buckets: Map<number, Bucket>, request: ApplyRequest): ApplyResult {
  const bucket = buckets.get(request.bucket) ?? { fence: null, tables: new Map<string, Rows>() }
  if (bucket.fence !== request.expected) return { applied: false, fence: bucket.fence }
  buckets.set(request.bucket, bucket)
  bucket.fence = request.next
  let [shardBefore, spaceBefore, rows] = ['', '', new Map<string, Uint8Array>()]
  for (const { shard, space, row, value } of request.rows) {
    // Rows of one table follow one another.
    if (shard !== shardBefore || space !== spaceBefore) rows = tableOf(bucket, `${space}/${shard}`)
    ;[shardBefore, spaceBefore] = [shard, space]
    if (value === null) rows.delete(row)
    else rows.set(row, value.slice())
  }
  return { applied: true }
}

function tableOf({ tables }: Bucket, name: string): Rows {
  const rows: Rows = tables.get(name) ?? new Map()
  tables.set(name, rows)
  return rows
}

function shardKeysIn(buckets: ReadonlyMap<number, Bucket>): string[] {
  const tables = [...buckets.values()].flatMap((bucket) => [...bucket.tables])
  const noted = tables.flatMap(([name, rows]) => (name.startsWith('shards/') ? [...rows.values()] : []))
  return noted.map((value) => new TextDecoder().decode(value))
}
