/** Looks at the event log with the eyes of the roles. */
import type { LogDiagnosis, Right, TopicFacts } from '../../ports/diagnosis.ts'
import type { TopicRole } from '../../ports/event-log.ts'
import type { DesiredTopic } from '../../ports/topic-admin.ts'
import { planPresent, type TopicPlan } from '../topics.ts'
import { clockFinding } from './clock.ts'
import { type Finding, findingsOf } from './finding.ts'
import { type DoctorRole, NEEDS, needed } from './needs.ts'

/** The protocol that carries zstd, which records are packed with: Kafka 2.1. */
const PRODUCE_VERSION_MIN = 7

const { ok, skip, warn, fail } = findingsOf('Kafka')
const APPLY = '`forewarm topics apply` makes and changes topics; `forewarm topics plan` shows what differs'

export type LogOptions = {
  readonly roles: readonly DoctorRole[]
  readonly desired: readonly DesiredTopic[]
  /** Name of a group on the broker. */
  readonly groupOf: (group: string) => string
  readonly nowMs: () => number
}

/** What is wrong with brokers, topics and rights; rejects when no broker answers. */
export async function examineLog(log: LogDiagnosis, options: LogOptions): Promise<readonly Finding[]> {
  const brokers = await log.brokers()
  const topics = await Promise.all(options.desired.map((desired) => examineTopic(log, desired, options.roles)))
  const there = new Set(topics.filter(({ isThere }) => isThere).map(({ role }) => role))
  const rights = await examineRights(log, there, options)
  return [brokersFinding(brokers), ...topics.flatMap(({ findings }) => findings), ...rights]
}

function brokersFinding({ count, produceVersionMax }: Awaited<ReturnType<LogDiagnosis['brokers']>>): Finding {
  const brokers = `${count} ${count === 1 ? 'broker' : 'brokers'}`
  return produceVersionMax < PRODUCE_VERSION_MIN
    ? fail(`${brokers}, older than Kafka 2.1`, 'bring the brokers to Kafka 2.1 or newer: records are packed with zstd')
    : ok(`${brokers}, Kafka 2.1 or newer`)
}

type Examined = { readonly role: TopicRole; readonly isThere: boolean; readonly findings: readonly Finding[] }

const touches = (role: DoctorRole, topic: TopicRole): boolean =>
  [NEEDS[role].reads, NEEDS[role].writes, NEEDS[role].manages].some((topics) => topics.includes(topic))

async function examineTopic(log: LogDiagnosis, desired: DesiredTopic, roles: readonly DoctorRole[]): Promise<Examined> {
  const { role, name } = desired
  if (!roles.some((each) => touches(each, role))) return { role, isThere: false, findings: [] }
  const facts = await log.topic(role)
  if (facts.present === null) return { role, isThere: false, findings: [absent(name, facts)] }
  const wanted = facts.settingsShown ? desired : { ...desired, settings: new Map<string, string>() }
  const findings = [
    ...differencesOf(planPresent(wanted, facts.present)),
    ...copiesOf(desired, facts),
    ...hiddenSettings(name, facts),
  ]
  const isFine = !findings.some(({ state }) => state === 'warn' || state === 'fail')
  const { partitions: count } = facts.present
  const partitions = `${count} partition${count === 1 ? '' : 's'}`
  return { role, isThere: true, findings: isFine ? [ok(`topic ${name}: ${partitions}`), ...findings] : findings }
}

function absent(name: string, { state }: TopicFacts): Finding {
  if (state === 'missing') return fail(`topic ${name} is missing`, '`forewarm topics apply` makes it')
  return state === 'leaderless'
    ? fail(`topic ${name}: partitions have no leader`, 'see which brokers are away, and why')
    : fail(`topic ${name} may not be seen by this user`, 'give the user the rights of its role (docs/operations.md)')
}

/** What is more than what was asked for (partitions that are unordered, copies, retention) is harmless. */
function differencesOf({ name, differences, refusal }: TopicPlan): readonly Finding[] {
  if (refusal !== null) return [fail(`topic ${name}: ${refusal}`, '`forewarm topics plan` shows all that differs')]
  return differences
    .filter(({ present, desired, applied }) => applied || Number(present) < Number(desired))
    .map(({ what, present, desired }) => warn(`topic ${name}: ${what} is ${present}, not ${desired}`, APPLY))
}

/** What stops writing now, whatever the settings say. */
function copiesOf({ name, settings }: DesiredTopic, { inSyncMin }: TopicFacts): readonly Finding[] {
  const needed = Number(settings.get('min.insync.replicas'))
  if (inSyncMin === null || inSyncMin >= needed) return []
  const what = `topic ${name}: a partition has ${inSyncMin} in-sync copies, fewer than the ${needed} that a write needs`
  return [fail(what, 'see which brokers are away, or lower kafka.minInsyncReplicas')]
}

const hiddenSettings = (name: string, { settingsShown }: TopicFacts): readonly Finding[] =>
  settingsShown
    ? []
    : [
        skip(
          `settings of topic ${name} are not shown to this user`,
          'look as the user that makes topics: `forewarm doctor --role topics`',
        ),
      ]

type Asked = { readonly roles: readonly DoctorRole[]; readonly doing: string; readonly right: Right }

/** Of topics that are not there nobody can say who may use them. */
async function examineRights(
  log: LogDiagnosis,
  there: ReadonlySet<TopicRole>,
  { roles, groupOf, nowMs }: LogOptions,
): Promise<readonly Finding[]> {
  const readable = needed(roles, ({ reads }) => reads).filter(({ thing }) => there.has(thing))
  const writable = needed(roles, ({ writes }) => writes).filter(({ thing }) => there.has(thing))
  const reads = await Promise.all(readable.map(async (need) => ({ ...need, ...(await log.mayRead(need.thing)) })))
  const asked: readonly Asked[] = [
    ...reads.map(({ thing, ...rest }) => ({ ...rest, doing: `read ${thing}` })),
    ...(await Promise.all(
      writable.map(async ({ thing, ...rest }) => ({
        ...rest,
        doing: `write ${thing}`,
        right: await log.mayWrite(thing),
      })),
    )),
    ...(await Promise.all(
      needed(roles, ({ groups }) => groups).map(async ({ thing, ...rest }) => ({
        ...rest,
        doing: `join the group ${groupOf(thing)}`,
        right: await log.mayJoin(groupOf(thing)),
      })),
    )),
    ...(await Promise.all(
      needed(roles, ({ manages }) => manages).map(async ({ thing, ...rest }) => ({
        ...rest,
        doing: `make ${thing}`,
        right: await log.mayCreate(thing),
      })),
    )),
  ]
  const newestMs = Math.max(...reads.map((read) => read.newestMs ?? 0))
  const clock = newestMs > nowMs() ? [clockFinding('Kafka', { aheadMs: newestMs - nowMs(), withinMs: 0 })] : []
  return [...rightsFindings(asked), ...clock]
}

function rightsFindings(asked: readonly Asked[]): readonly Finding[] {
  const allowed = asked.filter(({ right }) => right === 'yes')
  const bad = asked
    .filter(({ right }) => right !== 'yes')
    .map(({ roles, doing, right }) =>
      right === 'no'
        ? fail(`${roles.join(', ')} may not ${doing}`, 'give its user the ACL (docs/operations.md has the table)')
        : warn(`nobody can say whether ${roles.join(', ')} may ${doing}`, 'mend what is wrong above and look again'),
    )
  return allowed.length === 0 ? bad : [ok(`rights: ${allowed.map(({ doing }) => doing).join(', ')}`), ...bad]
}
