/** Which topics a deployment needs, what differs from those that are there, and what may be done about it. */
import { BUCKETS } from '../model/identity.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { TopicRole } from '../ports/event-log.ts'
import type { DesiredTopic, PresentTopic, TopicAdmin } from '../ports/topic-admin.ts'

export type TopicOptions = {
  readonly topicPrefix: string
  /** Of access-events and of warm-outcomes: a power of two up to 1024. */
  readonly partitions: number
  readonly requestPartitions: number
  readonly commandPartitions: number
  readonly deadLetterPartitions: number
  readonly replicationFactor: number
  readonly minInsyncReplicas: number
  /** Of access-events and warm-outcomes, from which models are rebuilt. */
  readonly retentionMs: number
  /** How long the model remembers. */
  readonly memoryMs: number
}

/** One thing that is otherwise than it should be. */
export type TopicDifference = {
  readonly what: string
  readonly present: string
  readonly desired: string
  /** Whether apply changes it; what it leaves is harmless or needs a hand. */
  readonly applied: boolean
}

export type TopicPlan = {
  readonly role: TopicRole
  readonly name: string
  readonly action: 'create' | 'change' | 'keep' | 'refuse'
  readonly differences: readonly TopicDifference[]
  /** Why nothing can be done about it here. */
  readonly refusal: string | null
}

const DAY_MS = 86_400_000
/** Records must outlive the model's memory by the time that a rebuild or a stopped ingest may take. */
export const RETENTION_MARGIN_MS = DAY_MS
/** Requests and commands are void long before; so much is kept to look into. */
const PASSING_RETENTION_MS = 7 * DAY_MS
/** Set aside by hand, looked at by hand. */
const DEAD_LETTER_RETENTION_MS = 365 * DAY_MS
const UNLIMITED = '-1'
/** Twice what brokers take of a batch unless told otherwise. */
export const DEAD_LETTER_BYTES_MAX = 2 * 1_048_588

/** Throws FW_TOPIC_MISMATCH for what would lose data, FW_CONFIG_INVALID for what no broker can do. */
export function desiredTopics(options: TopicOptions): readonly DesiredTopic[] {
  assertOptions(options)
  const { retentionMs, partitions, requestPartitions, commandPartitions, deadLetterPartitions } = options
  const topic = (role: TopicRole, count: number, keptMs: number): DesiredTopic => ({
    role,
    name: `${options.topicPrefix}${role}`,
    partitions: count,
    replicationFactor: options.replicationFactor,
    settings: settingsOf(options, keptMs),
  })
  return [
    topic('access-events', partitions, retentionMs),
    topic('warm-requests', requestPartitions, PASSING_RETENTION_MS),
    topic('warm-commands', commandPartitions, PASSING_RETENTION_MS),
    topic('warm-outcomes', partitions, retentionMs),
    deadLetters(topic('dead-letters', deadLetterPartitions, DEAD_LETTER_RETENTION_MS)),
  ]
}

/** A record as long as another topic takes fits in here with the headers that say why. */
const deadLetters = (topic: DesiredTopic): DesiredTopic => ({
  ...topic,
  settings: new Map([...topic.settings, ['max.message.bytes', String(DEAD_LETTER_BYTES_MAX)]]),
})

/** Compares topics with those that are there. */
export async function planTopics(
  admin: Pick<TopicAdmin, 'describe' | 'brokers'>,
  desired: readonly DesiredTopic[],
): Promise<readonly TopicPlan[]> {
  const present = await admin.describe(desired.map(({ name }) => name))
  const areAllThere = desired.every(({ name }) => present.has(name))
  const brokers = areAllThere ? 0 : await admin.brokers()
  return desired.map((topic) => {
    const one = present.get(topic.name)
    return one === undefined ? planNew(topic, brokers) : planPresent(topic, one)
  })
}

/** Brings topics to what they should be and answers what was done; if one is refused, nothing at all is done. */
export async function applyTopics(admin: TopicAdmin, desired: readonly DesiredTopic[]): Promise<readonly TopicPlan[]> {
  const plans = await planTopics(admin, desired)
  assertNoneRefused(plans)
  for (const [index, plan] of plans.entries()) {
    const topic = desired[index]
    if (topic !== undefined && plan.action === 'create') await admin.create(topic)
    if (plan.action === 'change') await admin.configure(plan.name, changesOf(plan))
  }
  return plans
}

/** Throws FW_TOPIC_MISMATCH with every cause. */
export function assertNoneRefused(plans: readonly TopicPlan[]): void {
  const causes = plans.filter((plan) => plan.refusal !== null).map((plan) => `${plan.name}: ${plan.refusal}`)
  if (causes.length > 0) throw new ForewarmError('FW_TOPIC_MISMATCH', causes.join('; '))
}

const changesOf = ({ differences }: TopicPlan): ReadonlyMap<string, string> =>
  new Map(differences.filter(({ applied }) => applied).map(({ what, desired }) => [what, desired]))

const settingsOf = ({ minInsyncReplicas }: TopicOptions, keptMs: number): ReadonlyMap<string, string> =>
  new Map([
    ['cleanup.policy', 'delete'],
    ['retention.ms', String(keptMs)],
    ['retention.bytes', UNLIMITED],
    ['min.insync.replicas', String(minInsyncReplicas)],
    // The broker's clock: a producer cannot date its records so that retention keeps or drops them.
    ['message.timestamp.type', 'LogAppendTime'],
    ['unclean.leader.election.enable', 'false'],
  ])

function assertOptions({
  partitions,
  replicationFactor,
  minInsyncReplicas,
  retentionMs,
  memoryMs,
}: TopicOptions): void {
  const powerOfTwo = Number.isInteger(Math.log2(partitions))
  if (!powerOfTwo || partitions > BUCKETS) {
    throw new ForewarmError(
      'FW_CONFIG_INVALID',
      `${partitions} partitions: must be a power of two up to ${BUCKETS}, so that a bucket of the model has one partition`,
    )
  }
  if (minInsyncReplicas > replicationFactor) {
    throw new ForewarmError(
      'FW_CONFIG_INVALID',
      `min.insync.replicas ${minInsyncReplicas} is over the replication factor ${replicationFactor}: nothing could be written`,
    )
  }
  if (retentionMs < memoryMs + RETENTION_MARGIN_MS) {
    throw new ForewarmError(
      'FW_TOPIC_MISMATCH',
      `a retention of ${retentionMs} ms is too short: the model remembers ${memoryMs} ms and is rebuilt from the log, ` +
        `so keep at least ${memoryMs + RETENTION_MARGIN_MS} ms, or let it remember less`,
    )
  }
}

function planNew({ role, name, replicationFactor }: DesiredTopic, brokers: number): TopicPlan {
  const plan = { role, name, differences: [] }
  if (replicationFactor <= brokers) return { ...plan, action: 'create', refusal: null }
  const copies = `${brokers} ${brokers === 1 ? 'broker' : 'brokers'} cannot keep ${replicationFactor} copies of it`
  const mend = `set kafka.replicationFactor to ${brokers} at most, and kafka.minInsyncReplicas to no more than that`
  return { ...plan, action: 'refuse', refusal: `${copies}: ${mend}` }
}

/** Compares a topic with how it is. */
export function planPresent(desired: DesiredTopic, present: PresentTopic): TopicPlan {
  const { role, name } = desired
  const differences = differencesOf(desired, present)
  const refusal = refusalOf(desired, present)
  const changes = differences.some(({ applied }) => applied)
  const action = refusal !== null ? 'refuse' : changes ? 'change' : 'keep'
  return { role, name, action, differences, refusal }
}

function differencesOf(desired: DesiredTopic, present: PresentTopic): readonly TopicDifference[] {
  const counts = (['partitions', 'replicationFactor'] as const)
    .filter((what) => desired[what] !== present[what])
    .map((what) => ({ what, present: String(present[what]), desired: String(desired[what]), applied: false }))
  const settings = [...desired.settings]
    .map(([what, wanted]) => ({ what, present: present.settings.get(what) ?? '', desired: wanted }))
    .filter((each) => each.present !== each.desired)
    .map((each) => ({ ...each, applied: !(each.what === 'retention.ms' && isLonger(each.present, each.desired)) }))
  return [...counts, ...settings]
}

/** Retention is only ever raised here: what is kept longer was somebody's wish, and shortening it loses records. */
const isLonger = (present: string, desired: string): boolean =>
  present === UNLIMITED || Number(present) > Number(desired)

/** A key lies in another partition when their number changes, and what was counted from it in another bucket. */
function refusalOf({ role, partitions, settings }: DesiredTopic, present: PresentTopic): string | null {
  const ordered = role === 'access-events' || role === 'warm-outcomes'
  if (ordered && present.partitions !== partitions) {
    return (
      `it has ${present.partitions} partitions, not ${partitions}, and their number is never changed: set ` +
      `${present.partitions}, or begin a new model version with another topic prefix`
    )
  }
  const inSync = Number(settings.get('min.insync.replicas'))
  if (inSync > present.replicationFactor) {
    return (
      `it has ${present.replicationFactor} replicas, so min.insync.replicas ${inSync} would stop all writing: ` +
      'reassign its partitions to more brokers first, or set fewer'
    )
  }
  return null
}
