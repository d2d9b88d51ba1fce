import type { RowAddress, RowSpace } from '../../ports/model-store.ts'
import { assertBucket, assertShard } from '../model-rows.ts'
import { assertKeyPrefix } from './script.ts'

/**
 * Keys of the models. The hash tag `{m<version>.<bucket>}` puts all of a bucket into one slot, and nothing else of a key
 * comes from outside but the hex digits of a shard's id.
 */
export type ModelKeys = {
  fence(bucket: number): string
  /** Hash that holds the rows of a shard and space; the `shards` space of a whole bucket is one hash. */
  rows(address: RowAddress): string
  /** Pattern of all keys of a bucket. */
  patternOf(bucket: number): string
  /** Hash of all notes in the `shards` space of a bucket. */
  shards(bucket: number): string
  readonly meta: string
  shared(name: string): string
}

const SPACE_LETTERS: Record<RowSpace, string> = { model: 'm', sequences: 'q', shards: 'k' }

/** `modelVersion` (digits and letters) keeps models of different limits apart. */
export function createModelKeys(prefix: string, modelVersion: string): ModelKeys {
  assertKeyPrefix(prefix)
  if (!/^[0-9A-Za-z]{1,32}$/.test(modelVersion)) {
    throw new RangeError(`the model version ${JSON.stringify(modelVersion)} may hold only digits and letters`)
  }
  const tag = (bucket: number): string => {
    assertBucket(bucket)
    return `${prefix}{m${modelVersion}.${bucket}}`
  }
  const shards = (bucket: number): string => `${tag(bucket)}:k`
  return {
    fence: (bucket) => `${tag(bucket)}:f`,
    rows: ({ bucket, shard, space }) => {
      assertShard(shard)
      return space === 'shards' ? shards(bucket) : `${tag(bucket)}:${SPACE_LETTERS[space]}:${shard}`
    },
    patternOf: (bucket) => `${tag(bucket)}:*`,
    shards,
    meta: `${prefix}{m${modelVersion}}:meta`,
    shared: (name) => `${prefix}{m${modelVersion}}:x:${name}`,
  }
}

/** Most rows are named by a letter and an id of 16 hex digits: stored as 9 bytes instead of 17. */
const ID_ROW = /^[a-z][0-9a-f]{16}$/
const LETTER_A = 97
/** Bytes 0x80..0x99 begin no UTF-8 text, so a packed name is never taken for a plain one. */
const PACKED = 0x80
const PACKED_BYTES = 9

/** The field of a row: its packed name, after the shard's id where a hash holds several shards. */
export function fieldOf(space: RowSpace, shard: string, row: string): Buffer {
  if (space === 'shards') return Buffer.from(shard + row)
  if (!ID_ROW.test(row)) return Buffer.from(row)
  const packed = Buffer.allocUnsafe(PACKED_BYTES)
  packed[0] = PACKED + row.charCodeAt(0) - LETTER_A
  packed.write(row.slice(1), 1, 'hex')
  return packed
}

/** The row that a field names. */
export function rowOf(space: RowSpace, shard: string, field: Buffer): string {
  if (space === 'shards') return field.toString('utf8', shard.length)
  const first = field[0] ?? 0
  if (field.length !== PACKED_BYTES || first < PACKED || first >= PACKED + 26) return field.toString()
  return String.fromCharCode(first - PACKED + LETTER_A) + field.toString('hex', 1)
}
