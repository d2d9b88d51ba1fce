import { describe, expect, it } from 'vitest'
import { desiredTopics, RETENTION_MARGIN_MS } from '../../src/flows/topics.ts'

const DAY_MS = 86_400_000
const options = {
  topicPrefix: 'fw.',
  partitions: 8,
  requestPartitions: 4,
  commandPartitions: 16,
  deadLetterPartitions: 1,
  replicationFactor: 3,
  minInsyncReplicas: 2,
  retentionMs: 175 * DAY_MS,
  memoryMs: 168 * DAY_MS,
}

describe('the topics of a deployment', () => {
  it('have equal partition counts where one process reads both, and a long life for what models are made from', () => {
    const topics = new Map(desiredTopics(options).map((topic) => [topic.name, topic]))
    expect([...topics.keys()]).toEqual([
      'fw.access-events',
      'fw.warm-requests',
      'fw.warm-commands',
      'fw.warm-outcomes',
      'fw.dead-letters',
    ])
    expect(topics.get('fw.access-events')?.partitions).toBe(8)
    expect(topics.get('fw.warm-outcomes')?.partitions).toBe(8)
    for (const name of ['fw.access-events', 'fw.warm-outcomes']) {
      expect(topics.get(name)?.settings.get('retention.ms')).toBe(String(175 * DAY_MS))
    }
    for (const { settings } of topics.values()) {
      expect(settings.get('cleanup.policy')).toBe('delete')
      expect(settings.get('min.insync.replicas')).toBe('2')
    }
  })

  it('are refused with a retention that a lost model could not be rebuilt from', () => {
    const retentionMs = options.memoryMs + RETENTION_MARGIN_MS
    expect(() => desiredTopics({ ...options, retentionMs })).not.toThrow()
    expect(() => desiredTopics({ ...options, retentionMs: retentionMs - 1 })).toThrow(
      expect.objectContaining({ code: 'FW_TOPIC_MISMATCH', message: expect.stringContaining('rebuilt from the log') }),
    )
  })

  it.each([6, 3, 2_048])('are refused with %i partitions', (partitions) => {
    expect(() => desiredTopics({ ...options, partitions })).toThrow(/power of two up to 1024/)
  })

  it('are refused when more replicas must be in sync than there are', () => {
    expect(() => desiredTopics({ ...options, replicationFactor: 1 })).toThrow(/nothing could be written/)
  })
})
