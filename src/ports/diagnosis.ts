/** What a doctor asks the engines of a deployment: facts only, nothing is changed. Adapters: Kafka, Redis. */
import type { TopicRole } from './event-log.ts'
import type { ModelMeta } from './model-store.ts'
import type { PresentTopic } from './topic-admin.ts'

/**
 * What goes wrong with TLS on the way to a server. `client-certificate`: the server takes none but clients with a
 * certificate that it trusts. `no-tls`: it speaks something else. The others are of its own certificate: other names,
 * ended, of an authority that is not trusted here.
 */
export type TlsFault = 'client-certificate' | 'no-tls' | 'names' | 'ended' | 'untrusted'

/** Whether a client may do something; `unknown` where the question itself met an error. */
export type Right = 'yes' | 'no' | 'unknown'

export type TopicFacts = {
  /** `hidden`: this client may not even see it; `leaderless`: it is there, but no broker leads some of its partitions. */
  readonly state: 'there' | 'missing' | 'hidden' | 'leaderless'
  /** Null unless it is there. */
  readonly present: PresentTopic | null
  /** Whether this client may see the topic's settings; those of `present` are empty otherwise. */
  readonly settingsShown: boolean
  /** In-sync copies of the partition that has the fewest; null unless it is there. */
  readonly inSyncMin: number | null
}

export interface LogDiagnosis {
  /** Rejects with FW_LOG_UNAVAILABLE. */
  brokers(): Promise<{ readonly count: number; readonly produceVersionMax: number }>
  topic(role: TopicRole): Promise<TopicFacts>
  /** Reads nothing but the last record, whose broker time it tells (milliseconds; null for none). */
  mayRead(role: TopicRole): Promise<{ readonly right: Right; readonly newestMs: number | null }>
  /** Writes nothing: what it sends is for a partition that cannot be. */
  mayWrite(role: TopicRole): Promise<Right>
  /** Joins nothing: it speaks as a member that is none. */
  mayJoin(group: string): Promise<Right>
  /** Makes nothing: the broker only checks the request. */
  mayCreate(role: TopicRole): Promise<Right>
  close(): Promise<void>
}

/** One server of a Redis; null is what this user is not told. */
export type RedisNodeFacts = {
  /** `host:port`. */
  readonly address: string
  readonly version: string | null
  /** Another one for each start of a server: two addresses with the same one are one server. */
  readonly runId: string | null
  readonly isCluster: boolean | null
  readonly policy: string | null
  readonly samples: number | null
  /** 0 for no limit. */
  readonly bytesMax: number | null
  readonly bytesUsed: number | null
  readonly machineBytes: number | null
  readonly appendsToFile: boolean | null
  /** How far its clock is ahead of this machine's, milliseconds, and how sure that is. */
  readonly clock: { readonly aheadMs: number; readonly withinMs: number } | null
}

export interface RedisDiagnosis {
  /** Rejects with FW_STORE_UNAVAILABLE or FW_CACHE_UNAVAILABLE. */
  nodes(): Promise<readonly RedisNodeFacts[]>
  /** Of these commands (in small letters) those that this user may not run on such a key, which is nobody's. */
  refused(commands: readonly string[], key: string): Promise<readonly string[]>
  /** What the stored model was made with; null where there is none, or this user is not told of it. */
  storedModel(wanted: ModelMeta): Promise<ModelMeta | null>
  close(): Promise<void>
}
