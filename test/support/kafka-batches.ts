import { promisify } from 'node:util'
import { gzip as gzipWithCallback, zstdCompress } from 'node:zlib'
import kafkajs, { type Message } from 'kafkajs'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { connectCluster } from '../../src/adapters/kafka/direct.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs

/** A batch of records as other clients make them, one message a record. */
export type RawBatch = { readonly packing: 'gzip' | 'snappy' | 'zstd'; readonly messages: readonly Message[] }

const SNAPPY_LITERAL = 0xf4
const SNAPPY_LITERAL_MAX = 65_536

/** Snappy's own format, of literals alone. */
function snappy(bytes: Buffer): Buffer {
  const length: number[] = []
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left < 0x80 ? left : (left & 0x7f) | 0x80)
    if (left < 0x80) break
  }
  const parts: Buffer[] = [Buffer.from(length)]
  for (let at = 0; at < bytes.length; at += SNAPPY_LITERAL_MAX) {
    const literal = bytes.subarray(at, at + SNAPPY_LITERAL_MAX)
    parts.push(Buffer.from([SNAPPY_LITERAL, (literal.length - 1) & 0xff, (literal.length - 1) >> 8]), literal)
  }
  return Buffer.concat(parts)
}

const TYPES = { gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, zstd: CompressionTypes.ZSTD } as const
const PACK = {
  gzip: promisify(gzipWithCallback),
  snappy: async (bytes: Buffer) => snappy(bytes),
  zstd: promisify(zstdCompress),
}

/** kafkajs's types leave out what goes to one broker. */
type Producing = { produce(request: unknown): Promise<unknown> }

/** Sends batches to partition 0 one by one, past kafkajs's producer, whose work grows with the square of their messages. */
export async function sendBatches(
  brokers: readonly string[],
  topic: string,
  batches: readonly RawBatch[],
): Promise<void> {
  const { cluster, close } = await connectCluster(createKafkaClient({ brokers, clientId: 'batches' }))
  try {
    await cluster.addTargetTopic(topic)
    await cluster.refreshMetadata()
    const [nodeId = ''] = Object.keys(cluster.findLeaderForPartitions(topic, [0]))
    const leader: unknown = await cluster.findBroker({ nodeId })
    for (const { packing, messages } of batches) {
      const codec = CompressionCodecs[TYPES[packing]]
      CompressionCodecs[TYPES[packing]] = () => ({
        compress: ({ buffer }: { buffer: Buffer }) => PACK[packing](buffer),
      })
      const partitions = [{ partition: 0, firstSequence: 0, messages }]
      await (leader as Producing)
        .produce({ topicData: [{ topic, partitions }], acks: -1, timeout: 30_000, compression: TYPES[packing] })
        .finally(() => {
          CompressionCodecs[TYPES[packing]] = codec
        })
    }
  } finally {
    await close()
  }
}
