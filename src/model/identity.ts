/**
 * Names that every process derives alike, without asking anyone: which shard a session belongs to, which partition
 * and bucket a shard belongs to, and which files are never warmed.
 */

/** Fixed number of model buckets. Partition counts are powers of two up to it, so that a bucket has one partition. */
export const BUCKETS = 1_024

/** One file in so many is predicted and settled but never warmed. */
export const CONTROL_GROUP_DIVISOR = 50

/** SHA-256 of the UTF-8 text in lower-case hex; comes from outside, since the core imports no library. */
export type Sha256Hex = (text: string) => string

/** Message key of a shard on access-events and warm-outcomes: `workspace#shard`. */
export const shardKey = (workspace: string, shard: number): string => `${workspace}#${shard}`

/** The shard of a session: murmur2 of its id modulo the workspace's number of shards. */
export const shardOf = (session: string, shards: number): number =>
  shards === 1 ? 0 : positiveMurmur2(session) % shards

/** Bucket 0..1023 of a message key. Its partition is the bucket modulo the partition count. */
export const bucketOf = (key: string): number => positiveMurmur2(key) % BUCKETS

/**
 * Partition of a message key: the same as Kafka's default partitioner (murmur2 of the key, made positive, modulo the
 * count), so any Kafka client with that partitioner writes to the right place.
 */
export const partitionOf = (key: string, partitions: number): number => positiveMurmur2(key) % partitions

/** First 64 bits of the SHA-256 of a name, as 16 hex digits: the id of a file, session, shard or analyzer in row keys. */
export const shortId = (name: string, sha256Hex: Sha256Hex): string => sha256Hex(name).slice(0, 16)

/** Whether the file with this id (16 hex digits) belongs to the control group: hashed 2 % of files. */
export const inControlGroup = (fileId: string): boolean =>
  Number.parseInt(fileId.slice(8), 16) % CONTROL_GROUP_DIVISOR === 0

const positiveMurmur2 = (text: string): number => murmur2(new TextEncoder().encode(text)) & 0x7fffffff

/** MurmurHash2, 32 bits, with the seed of Kafka's clients (0x9747b28c); public domain algorithm by Austin Appleby. */
export function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995
  let hash = (0x9747b28c ^ bytes.length) | 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  for (let at = bytes.length - 1; at >= whole; at -= 1) {
    hash ^= view.getUint8(at) << (8 * (at - whole))
    if (at === whole) hash = Math.imul(hash, multiplier)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}
