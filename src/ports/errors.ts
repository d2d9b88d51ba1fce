/** Every error code of the project, with what it means. docs/errors.md has one section for each; a test holds that. */
export const ERROR_CODES = {
  FW_LOG_UNAVAILABLE: 'the event log cannot be reached',
  FW_LOG_TRUNCATED: 'records that the model still needs are gone from the log',
  FW_STORE_UNAVAILABLE: 'the model store cannot be reached',
  FW_STORE_MAY_EVICT: 'the model store is set up to evict keys',
  FW_STORE_FULL: 'the model store is out of memory',
  FW_MODEL_MISMATCH: 'the stored model was made with other limits, shards or partitions',
  FW_CACHE_UNAVAILABLE: 'the cache cannot be reached',
  FW_CACHE_FULL: 'the cache has no room for the value',
  FW_ORIGIN_UNAVAILABLE: 'the origin of the files cannot be read now',
  FW_ORIGIN_UNLISTABLE: 'the origin has no listing of its files',
  FW_ORIGIN_NO_HISTORY: 'the origin knows no such revision',
  FW_STRATEGY_INVALID: 'a strategy is unknown or has a bad field',
  FW_PAUSED: 'warming is paused',
  FW_RUN_UNKNOWN: 'there is no such run',
  FW_NOT_KNOWN: 'nothing is known by this name',
  FW_PATH_DENIED: 'a path leaves its workspace or is no regular file',
  FW_LAYER_FAILED: 'the value of a layer could not be made of a file',
  FW_FILE_TOO_LARGE: 'a file is over the size limit',
  FW_RECORD_INVALID: 'a record cannot be decoded or breaks a limit',
  FW_SCHEMA_UNAVAILABLE: 'the schema registry cannot be reached',
  FW_SCHEMA_INCOMPATIBLE: 'the schema registry refuses the schema',
  FW_TOPIC_MISMATCH: 'a topic is missing or set up in a way that would lose data',
  FW_CONFIG_INVALID: 'a setting is unknown or has a bad value',
  FW_UNAUTHORIZED: 'the token is missing, unknown or not for this workspace',
  FW_ISSUER_UNAVAILABLE: 'the issuer of tokens does not give its keys',
  FW_REQUEST_INVALID: 'a request breaks its contract',
  FW_OVERLOADED: 'a bounded buffer is full',
  FW_TOOL_MISSING: 'a program or package that is needed is not on this machine',
  FW_UNKNOWN: 'an error that nobody foresaw',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/**
 * An error that the project knows: `code` names its kind, `retriable` says whether the same call may succeed later.
 * The message names the cause and how to mend it. Every other error ends the process.
 */
export class ForewarmError extends Error {
  readonly code: ErrorCode
  readonly retriable: boolean

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retriable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ForewarmError'
    this.code = code
    this.retriable = options.retriable ?? false
  }
}

/** What was thrown says, for the message of another error; anything can be thrown. */
export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
