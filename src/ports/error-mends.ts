/** One sentence a code: what whoever meets the error can do. docs/errors.md says more. */
import type { ErrorCode } from './errors.ts'

export const ERROR_MENDS: Readonly<Record<ErrorCode, string>> = {
  FW_LOG_UNAVAILABLE: 'Check that the brokers run and that kafka.brokers, kafka.tls and kafka.sasl are right.',
  FW_LOG_TRUNCATED:
    'Raise model.version for a new model of what is there, or start once with ingest.acceptTruncated to keep the old one; keep access-events longer.',
  FW_STORE_UNAVAILABLE: 'Check that the Redis of the models runs and that model.redis is right.',
  FW_STORE_MAY_EVICT: 'Set maxmemory-policy of the model Redis to noeviction; the cache belongs into another Redis.',
  FW_STORE_FULL: 'Give the model Redis more memory, or lower model.limits and rebuild.',
  FW_MODEL_MISMATCH:
    'Use the settings that the model was made with, or raise model.version to build a new one beside it.',
  FW_CACHE_UNAVAILABLE: 'Check that the Redis of the cache runs and that cache.redis is right.',
  FW_CACHE_FULL: 'Give the cache more memory, or let it evict: maxmemory-policy volatile-ttl.',
  FW_ORIGIN_UNAVAILABLE:
    'Check that the origin of the workspace (directory, repository, address or bucket) is there and can be read.',
  FW_ORIGIN_UNLISTABLE: 'Name the files themselves (a list, not a glob), or use an origin that can be listed.',
  FW_ORIGIN_NO_HISTORY: 'Name a branch, tag or commit that is in the repository, and use a git checkout as the origin.',
  FW_STRATEGY_INVALID: 'Mend the field that the message names; docs/strategies.md lists all fields and presets.',
  FW_PAUSED: 'Wait, or take the pause back with `forewarm resume` if nothing speaks against it any more.',
  FW_RUN_UNKNOWN: 'See the runs that are kept with `forewarm runs list`.',
  FW_NOT_KNOWN: 'Name one of those that the message lists, or publish reads of it first.',
  FW_PATH_DENIED: 'Name regular files inside the workspace, relative and without `.` or `..` segments.',
  FW_LAYER_FAILED: 'Mend the producer of the layer that the message names, and give it another version.',
  FW_FILE_TOO_LARGE: 'Leave the file out, or raise cache.valueBytesMax.',
  FW_RECORD_INVALID: 'Mend what the message names and send the record again.',
  FW_SCHEMA_UNAVAILABLE: 'Check that the schema registry runs and that registry.url is right.',
  FW_SCHEMA_INCOMPATIBLE: 'See what differs with `forewarm topics plan`; a changed contract needs a new subject.',
  FW_TOPIC_MISMATCH:
    'See what differs with `forewarm topics plan`, and create what is missing with `forewarm topics apply`.',
  FW_CONFIG_INVALID: 'Mend the settings that the message names; docs/configuration.md lists all.',
  FW_UNAUTHORIZED:
    'Send `authorization: Bearer <token>` with a token that is for this workspace and for what is asked.',
  FW_ISSUER_UNAVAILABLE:
    'Check that the address in gateway.oidc.issuer can be reached from the gateway and that its certificate is trusted: an authority of your own by gateway.oidc.caFile.',
  FW_REQUEST_INVALID:
    'Mend what the message names; --help of a command, and /openapi.json of a gateway, say what is taken.',
  FW_OVERLOADED: 'Send the same request again after the time in Retry-After.',
  FW_TOOL_MISSING:
    'Install the program or package that the message names, or take the way without it that the message names.',
  FW_UNKNOWN: 'Please report it with the log lines around it.',
}
