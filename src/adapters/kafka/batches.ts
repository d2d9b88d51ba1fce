import { createRequire } from 'node:module'
import { messageOf } from '../../ports/errors.ts'
import { UNREADABLE_HEADER } from '../../ports/event-log.ts'

/** The parts of kafkajs that read fetched bytes, as far as they matter here. */
type Decoder = { readInt32(): number; canReadBytes(length: number): boolean; readBytes(length: number): Buffer }
type DecoderClass = new (bytes: Buffer) => Decoder
type Fetched = {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
  readonly isControlRecord: boolean
  readonly batchContext: { readonly inTransaction: boolean; readonly producerId: string }
}
type DecodeOlder = (decoder: Decoder, bytes: number) => Promise<readonly Fetched[]>
type DecodeBatch = (decoder: Decoder) => Promise<{ readonly records: readonly Fetched[] }>

/** A batch is its first offset, its length from there on, and what that length counts. */
const [LENGTH_AT, HEAD_BYTES] = [8, 12]
const [MAGIC_AT, LAST_DELTA_AT, TIMESTAMP_AT] = [16, 23, 35]
/** Of batches since Kafka 0.11. */
const MAGIC = 2

/** After so many bytes of a partition the batches that follow are left to its next fetch. */
const UNPACKED_BYTES_MAX = 16 * 1024 * 1024

/**
 * Of kafkajs 2.2.4 one batch that it cannot read ends every reader of its partition, again at each start: one that is
 * packed by Snappy or LZ4, that unpacks to more than there is room for, or that has more records than a call may have
 * arguments (125,000; they fit into 1 MB). This reads batches one by one, and puts a record in the place of one that
 * cannot be read, with the bytes of the batch and a header that says why: it then goes to dead-letters like all that
 * cannot be decoded. Remove it once a release has the mend; a test sends such batches.
 */
export function mendBatches(): void {
  const require = createRequire(import.meta.url)
  const protocol = 'kafkajs/src/protocol'
  const name = require.resolve(`${protocol}/requests/fetch/v4/decodeMessages.js`)
  require(name)
  const loaded = require.cache[name]
  const Decoder: DecoderClass = require(`${protocol}/decoder.js`)
  const decodeOlder: DecodeOlder = require(`${protocol}/messageSet/decoder.js`)
  const decodeBatch: DecodeBatch = require(`${protocol}/recordBatch/v0/decoder.js`)
  if (loaded === undefined || ![Decoder, decodeOlder, decodeBatch].every((part) => typeof part === 'function')) {
    throw new Error('kafkajs is not version 2.2.4, for which its reading of batches is mended; pin that version')
  }
  // Whoever reads fetched bytes loads this at the first fetch.
  loaded.exports = async (fetched: Decoder): Promise<readonly Fetched[]> => {
    const size = fetched.readInt32()
    if (size <= 0 || !fetched.canReadBytes(size)) return []
    const bytes = fetched.readBytes(size)
    if (bytes.length <= MAGIC_AT || bytes[MAGIC_AT] !== MAGIC) return decodeOlder(new Decoder(bytes), size)
    return readBatches(bytes, async (batch) => (await decodeBatch(new Decoder(batch))).records)
  }
}

/** The records of all batches that are there whole: the last one may be cut off. */
async function readBatches(
  bytes: Buffer,
  decode: (batch: Buffer) => Promise<readonly Fetched[]>,
): Promise<readonly Fetched[]> {
  const records: Fetched[] = []
  let unpacked = 0
  for (let at = 0; at + HEAD_BYTES <= bytes.length && unpacked < UNPACKED_BYTES_MAX; ) {
    const end = at + HEAD_BYTES + bytes.readInt32BE(at + LENGTH_AT)
    if (end <= at + TIMESTAMP_AT || end > bytes.length) break
    const batch = bytes.subarray(at, end)
    for (const record of await decode(batch).catch((cause: unknown) => [insteadOf(batch, cause)])) {
      records.push(record)
      unpacked += sizeOf(record)
    }
    at = end
  }
  return records
}

const sizeOf = ({ key, value, headers }: Fetched): number =>
  (key?.length ?? 0) + (value?.length ?? 0) + Object.values(headers).reduce((sum, { length }) => sum + length, 0)

/** Its offset is the batch's last: what is read next follows the batch. */
const insteadOf = (batch: Buffer, cause: unknown): Fetched => ({
  offset: String(batch.readBigInt64BE(0) + BigInt(batch.readInt32BE(LAST_DELTA_AT))),
  timestamp: String(batch.readBigInt64BE(TIMESTAMP_AT)),
  key: null,
  value: batch,
  headers: { [UNREADABLE_HEADER]: Buffer.from(`a batch of records cannot be unpacked: ${messageOf(cause)}`) },
  isControlRecord: false,
  batchContext: { inTransaction: false, producerId: '-1' },
})
