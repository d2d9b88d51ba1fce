/** Follows the end of the log of a workspace as long as somebody asks; whoever asks later begins near the end again. */
import { partitionOf, type Sha256Hex, shardKey } from '../../../model/identity.ts'
import type { Codec } from '../../../ports/codec.ts'
import type { EventLog, LogRecord, TopicPartition, TopicRole } from '../../../ports/event-log.ts'
import type { LiveView } from '../../../ports/live.ts'
import { GOVERNOR_HEADER, OBSERVED_AT_HEADER } from '../../headers.ts'
import { LiveFold } from './fold.ts'

export type FollowDeps = {
  readonly log: Pick<EventLog, 'read' | 'bounds' | 'partitions'>
  readonly codec: Codec
  readonly sha256Hex: Sha256Hex
  readonly shards: number
}

/** Records of a partition that are read at once; of more than that the older ones are left out. */
const RECORDS_MAX = 2_000

/** In this order: what answers something is folded after it. */
const TOPICS = ['access-events', 'warm-commands', 'warm-outcomes'] as const

export class FollowedWorkspace {
  readonly #deps: FollowDeps
  readonly #workspace: string
  readonly #fold: LiveFold
  readonly #next = new Map<string, number>()

  constructor(deps: FollowDeps, workspace: string) {
    this.#deps = deps
    this.#workspace = workspace
    this.#fold = new LiveFold(deps.sha256Hex)
  }

  /** Folds what the log has since the last call. Calls must not overlap. */
  async advance(): Promise<LiveView> {
    for (const topic of TOPICS) {
      for (const partition of await this.#partitions(topic)) await this.#read({ topic, partition }, topic)
    }
    return this.#fold.view()
  }

  /** Commands are spread over all partitions; accesses and outcomes lie where the shards do. */
  async #partitions(topic: TopicRole): Promise<Iterable<number>> {
    const count = await this.#deps.log.partitions(topic)
    if (topic === 'warm-commands') return Array.from({ length: count }, (_, partition) => partition)
    const shards = Array.from({ length: this.#deps.shards }, (_, shard) => shardKey(this.#workspace, shard))
    return new Set(shards.map((key) => partitionOf(key, count)))
  }

  async #read(at: TopicPartition, topic: (typeof TOPICS)[number]): Promise<void> {
    const { log } = this.#deps
    const { first, end } = await log.bounds(at)
    const place = `${at.topic}/${at.partition}`
    const from = Math.max(first, end - RECORDS_MAX, this.#next.get(place) ?? 0)
    if (from < end) for await (const record of log.read(at, from)) await this.#take(record, topic)
    this.#next.set(place, Math.max(from, end))
  }

  async #take(record: LogRecord, topic: (typeof TOPICS)[number]): Promise<void> {
    const { codec } = this.#deps
    if (topic === 'access-events') {
      const decoded = await codec.decode(topic, record.value)
      if (decoded.ok && decoded.value.workspace === this.#workspace) this.#fold.accesses(decoded.value)
    } else if (topic === 'warm-commands') {
      const decoded = await codec.decode(topic, record.value)
      if (decoded.ok && decoded.value.workspace === this.#workspace)
        this.#fold.command(decoded.value, observedAtMs(record))
    } else {
      const decoded = await codec.decode(topic, record.value)
      if (decoded.ok && decoded.value.workspace === this.#workspace)
        this.#fold.outcome(decoded.value, governorLevel(record))
    }
  }
}

function observedAtMs({ headers }: LogRecord): number | null {
  const text = headers.get(OBSERVED_AT_HEADER)
  const timeMs = Number(text)
  return text === undefined || !Number.isSafeInteger(timeMs) ? null : timeMs
}

function governorLevel({ headers }: LogRecord): number | null {
  const level = Number(headers.get(GOVERNOR_HEADER) ?? Number.NaN)
  return level >= 0 && level <= 1 ? level : null
}
