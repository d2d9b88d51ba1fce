import { ReplyError } from 'ioredis'
import { type ErrorCode, ForewarmError } from '../../ports/errors.ts'

/** What a Redis is there for: it decides by which code its troubles are known. */
export type RedisRole = 'store' | 'cache'

const UNAVAILABLE: Record<RedisRole, ErrorCode> = { store: 'FW_STORE_UNAVAILABLE', cache: 'FW_CACHE_UNAVAILABLE' }
const FULL: Record<RedisRole, ErrorCode> = { store: 'FW_STORE_FULL', cache: 'FW_CACHE_FULL' }
const NAMES: Record<RedisRole, string> = { store: 'model store', cache: 'cache' }

/** First words of replies that a healthy server gives up again after a while. */
const PASSING_REPLIES = new Set(
  'LOADING CLUSTERDOWN READONLY MASTERDOWN TRYAGAIN BUSY MISCONF NOREPLICAS MOVED ASK UNKILLABLE'.split(' '),
)
const REFUSED_LOGINS = new Set(['NOAUTH', 'WRONGPASS'])

export type RedisErrorContext = {
  readonly role: RedisRole
  /** Hosts and ports, never the URL with its password. */
  readonly where: string
  /** The latest connection error: why a command found no connection. */
  readonly connectionError: Error | null
  /** Whether this client was let in before: then a login that is refused waits for its new password. */
  readonly wasReady: boolean
}

/**
 * What the client rejected with, as an error of the project. Replies that no set-up of ours explains (WRONGTYPE, a fault
 * in a script) and faults of the program stay what they are: they must end the process.
 */
export function redisError(error: unknown, context: RedisErrorContext): unknown {
  const { role, where, connectionError, wasReady } = context
  if (!(error instanceof Error) || error instanceof ForewarmError) return error
  if (error instanceof TypeError || error instanceof RangeError) return error
  const word = error.message.split(' ', 1)[0] ?? ''
  const subject = `the ${NAMES[role]} (Redis at ${where})`
  if (word === 'OOM') {
    const message = `${subject} is out of memory: raise its maxmemory or give it more nodes`
    return new ForewarmError(FULL[role], message, { cause: error, retriable: true })
  }
  if (REFUSED_LOGINS.has(word)) {
    const message = `${subject} refuses this user: check user name and password (${error.message})`
    return new ForewarmError(UNAVAILABLE[role], message, { cause: error, retriable: wasReady })
  }
  if (word === 'NOPERM') {
    const message = `${subject} does not allow this user what it needs: check its ACL (${error.message})`
    return new ForewarmError(UNAVAILABLE[role], message, { cause: error })
  }
  if (error instanceof ReplyError && !PASSING_REPLIES.has(word)) return error
  const reason = connectionError === null ? error.message : `${error.message}; last: ${connectionError.message}`
  const message = `${subject} cannot be reached now: ${reason}; check that it runs and that its address is right`
  return new ForewarmError(UNAVAILABLE[role], message, { cause: connectionError ?? error, retriable: true })
}
