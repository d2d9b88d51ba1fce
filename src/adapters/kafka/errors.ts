import { ForewarmError } from '../../ports/errors.ts'

/** What kafkajs throws carries some of these. */
type KafkaError = {
  readonly name: string
  readonly type?: unknown
  readonly retriable?: unknown
  readonly cause?: unknown
  /** Of an error that stands for several, as when topics are made. */
  readonly errors?: readonly unknown[]
}

const MISSING_TOPIC = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION'])
const REFUSED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
])
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
/** Non-retriable for kafkajs, but they pass when the cluster is back. */
const PASSING = new Set([
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
])
const MEMBERSHIP = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
  'FENCED_INSTANCE_ID',
])

/** What kafkajs throws, by no name of its own, where a broker closes before it has said what it can: it may be none. */
const isCutShort = (error: unknown): error is Error =>
  error instanceof Error && error.message === 'Broker not connected'

/** Whether kafkajs threw it. */
export const isKafkaError = (error: unknown): error is KafkaError =>
  error instanceof Error && (error.name.startsWith('KafkaJS') || isCutShort(error))

/** The error and its causes, outermost first; of several at once the first. */
function* chain(error: unknown): Generator<KafkaError> {
  for (let each = error; isKafkaError(each); each = each.cause ?? each.errors?.[0]) yield each
}

/** What the broker called the error and its causes, outermost first. */
export const errorTypes = (error: unknown): readonly string[] => [...chain(error)].map(({ type }) => String(type))

/** Whether the cluster may answer otherwise when it is asked again later. */
export function isPassing(error: unknown): boolean {
  const errors = [...chain(error)]
  if (errors.some(({ type }) => REFUSED.has(String(type)) || TOO_LARGE.has(String(type)))) return false
  if (isCutShort(error)) return true
  return errors.some(({ name, retriable }) => PASSING.has(name) || retriable === true)
}

/** Whether the consumer is no longer a member in good standing and must join again. */
export function isMembershipError(error: unknown): boolean {
  return [...chain(error)].some(({ type }) => MEMBERSHIP.has(String(type)))
}

/** Whether the broker refused what was sent, and only that. */
export function isRecordRefused(error: unknown): boolean {
  return [...chain(error)].some(({ type }) => TOO_LARGE.has(String(type)) || type === 'INVALID_RECORD')
}

/** Whether there is no such topic; kafkajs has asked several times then. */
export function isTopicMissing(error: unknown): boolean {
  return [...chain(error)].some(({ type }) => MISSING_TOPIC.has(String(type)))
}

const refusedLogin = ({ name }: KafkaError): string | null =>
  name === 'KafkaJSSASLAuthenticationError' ? 'login' : null

/** The project's error for one of kafkajs; any other error is given back as it is. */
export function toForewarmError(error: unknown, doing: string): unknown {
  if (!isKafkaError(error)) return error
  const types = errorTypes(error)
  if (isTopicMissing(error)) {
    return new ForewarmError('FW_TOPIC_MISMATCH', `${doing}: the topic is missing; run \`forewarm topics apply\``, {
      cause: error,
    })
  }
  if (isRecordRefused(error)) {
    const mend = 'send smaller records, or raise max.message.bytes of the topic'
    return new ForewarmError('FW_RECORD_INVALID', `${doing}: the broker refuses a record; ${mend}`, { cause: error })
  }
  const refused = types.find((type) => REFUSED.has(type)) ?? [...chain(error)].map(refusedLogin).find(Boolean)
  const mend =
    refused === undefined
      ? 'see whether the brokers run and can be reached from here'
      : `the brokers refuse this client (${refused}); see its credentials and access rules`
  // An error that stands for several says nothing of its own.
  const told = error.errors?.[0] ?? error
  return new ForewarmError('FW_LOG_UNAVAILABLE', `${doing}: ${String(told)}; ${mend}`, {
    cause: error,
    retriable: isPassing(error),
  })
}
