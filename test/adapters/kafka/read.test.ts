import type { KafkaMessage } from 'kafkajs'
import { expect, it } from 'vitest'
import type { DirectCluster } from '../../../src/adapters/kafka/direct.ts'
import { readPartition } from '../../../src/adapters/kafka/read.ts'
import { createTopicNames } from '../../../src/adapters/kafka/records.ts'

const message = (offset: number): KafkaMessage => ({
  ...{ key: null, value: Buffer.from(`${offset}`), timestamp: '0', attributes: 0, offset: `${offset}`, headers: {} },
})

/** Four records, of which a leader that was elected just now gives the last two after so many answers. */
function electedLeader(emptyAnswers: number): DirectCluster {
  let left = emptyAnswers
  return {
    bounds: async () => ({ first: 0, end: 4 }),
    fetch: async (_at, from) => {
      if (from < 2) return [message(0), message(1)]
      left -= 1
      return left < 0 ? [message(2), message(3)] : []
    },
    ...{ partitions: async () => 1, coordinated: async () => {}, committed: async () => null },
    ...{ healthy: async () => true, close: async () => {} },
  }
}

async function offsets(cluster: DirectCluster): Promise<readonly number[]> {
  const read: number[] = []
  const at = { topic: 'access-events', partition: 0, from: 0 } as const
  for await (const { offset } of readPartition(cluster, createTopicNames(''), at)) read.push(offset)
  return read
}

it('records that a new leader does not show yet are waited for, never taken for the end', async () => {
  expect(await offsets(electedLeader(3))).toEqual([0, 1, 2, 3])
})

it('a broker that gives none of them at all is told of, as something that may pass', async () => {
  await expect(offsets(electedLeader(1_000))).rejects.toMatchObject({
    code: 'FW_LOG_UNAVAILABLE',
    retriable: true,
    message: expect.stringContaining('gives nothing from 2 on'),
  })
})
