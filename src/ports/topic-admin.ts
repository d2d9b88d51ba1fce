/** The topics of a log as their operator sees them. Adapter: Kafka; the embedded log makes its topics by itself. */
import type { TopicRole } from './event-log.ts'

/** A topic as it should be. Settings go by the broker's names for them. */
export type DesiredTopic = {
  readonly role: TopicRole
  /** On the broker, with the prefix. */
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: ReadonlyMap<string, string>
}

/** A topic as it is; `settings` holds what is in force, defaults too. */
export type PresentTopic = {
  readonly name: string
  readonly partitions: number
  /** Of the partition that has the fewest. */
  readonly replicationFactor: number
  readonly settings: ReadonlyMap<string, string>
}

export interface TopicAdmin {
  /** Those of the topics that are there, by name. */
  describe(names: readonly string[]): Promise<ReadonlyMap<string, PresentTopic>>
  /** How many brokers answer now: a new topic can have as many copies. */
  brokers(): Promise<number>
  /** Makes a topic and waits until it is seen; one that is there already stays as it is. */
  create(topic: DesiredTopic): Promise<void>
  /** Changes these settings of a topic and no other. */
  configure(name: string, settings: ReadonlyMap<string, string>): Promise<void>
  close(): Promise<void>
}
