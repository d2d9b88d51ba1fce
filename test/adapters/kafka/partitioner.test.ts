import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import { partitionOf } from '../../../src/model/identity.ts'

it('the partition of a key is the one that every Kafka client gives it', () => {
  const kafkaPartition = kafkajs.Partitioners.DefaultPartitioner()
  const metadata = (partitions: number) =>
    Array.from({ length: partitions }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
    }))
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 64 }),
      fc.integer({ min: 1, max: 1_024 }),
      (key, partitions) => {
        const partitionMetadata = metadata(partitions)
        const message = { key, value: null }
        expect(partitionOf(key, partitions)).toBe(kafkaPartition({ topic: 't', partitionMetadata, message }))
      },
    ),
  )
})
