/** Settings of what a process shows to the outside: the gateway, health, telemetry and logs. */
import { Type } from 'typebox'
import {
  choiceSetting,
  integerSetting,
  listSetting,
  named,
  numberSetting,
  optionalSetting,
  section,
  switchSetting,
  textSetting,
} from './setting.ts'

/** What a token may do at the gateway. */
export const TOKEN_VERBS = ['publish', 'read', 'fill', 'warm', 'admin'] as const

export const tokensSection = named(
  'Bearer tokens, by a name for logs. Without any, only a loopback address may be served, and everybody there may do all.',
  '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  section('One token.', {
    sha256: Type.String({
      description: 'SHA-256 of the token in hex (`printf %s "$TOKEN" | sha256sum`): the token itself is kept nowhere.',
      pattern: '^[0-9a-f]{64}$',
      secret: true,
    }),
    workspaces: listSetting('Workspaces that the token is for; `*` for all.', [], { minItems: 1 }),
    verbs: Type.Array(Type.Enum([...TOKEN_VERBS]), {
      description:
        'What it may do: publish accesses, changes and events, read cache, models and runs, fill the cache, ask for runs and end them; admin: pause and resume warming.',
      default: TOKEN_VERBS.filter((verb) => verb !== 'admin'),
      minItems: 1,
    }),
  }),
)

export const gatewaySection = section('The HTTP interface for analyzers in other languages.', {
  host: textSetting('Address to listen on.', '127.0.0.1'),
  port: integerSetting('Port to listen on; 0 for any free one.', 8787, { maximum: 65_535 }),
  tokens: tokensSection,
  tokensFile: optionalSetting(
    'File (YAML or JSON) with more of `gateway.tokens`, read again within a second of each change; `forewarm token` writes it.',
  ),
  bodyBytesMax: integerSetting('Largest request body, bytes.', 1_048_576, { minimum: 1_024, maximum: 64 * 1_048_576 }),
  batchMax: integerSetting('Accesses or changes in one request.', 1_000, { minimum: 1, maximum: 100_000 }),
  requestsPerMinute: integerSetting(
    'Requests a minute for each token, or for each address where there are no tokens.',
    120_000,
    {
      minimum: 1,
    },
  ),
  connectionsMax: integerSetting('Connections open at once.', 1_024, { minimum: 1 }),
  requestTimeoutMs: integerSetting('Time for a client to send a whole request, milliseconds.', 10_000, {
    minimum: 100,
  }),
  idleTimeoutMs: integerSetting('A connection without traffic for so long is closed, milliseconds.', 30_000, {
    minimum: 100,
  }),
  appendTimeoutMs: integerSetting(
    'A request that the log has not taken for so long is answered with 503, milliseconds.',
    5_000,
    { minimum: 100 },
  ),
  pendingBytesMax: integerSetting(
    'Bytes of requests that wait for the log; beyond, requests are refused.',
    64 * 1_048_576,
    {
      minimum: 1_024,
    },
  ),
})

export const healthSection = section('The health server of ingest, predict and warm: /livez and /readyz.', {
  host: textSetting('Address to listen on; 0.0.0.0 in a container.', '127.0.0.1'),
  port: integerSetting('Port to listen on; 0 for any free one, which the log names.', 0, { maximum: 65_535 }),
  stallMs: integerSetting(
    'A process without progress of its main loop for so long is not alive, milliseconds.',
    60_000,
    {
      minimum: 1_000,
    },
  ),
})

export const telemetrySection = section('OpenTelemetry. Everything else by the standard OTEL_ variables.', {
  enabled: switchSetting('Whether traces and metrics are sent over OTLP.', false),
  endpoint: optionalSetting(
    'OTLP address (HTTP), e.g. `http://collector:4318`; none: as OTEL_EXPORTER_OTLP_ENDPOINT says.',
  ),
  sampleRatio: numberSetting('Share of traces that are kept.', 1, { minimum: 0, maximum: 1 }),
  metricsIntervalMs: integerSetting('Time between two exports of metrics, milliseconds.', 15_000, { minimum: 100 }),
  prometheus: section('Metrics for Prometheus to fetch.', {
    enabled: switchSetting('Whether /metrics is served.', false),
    host: textSetting('Address to listen on; 0.0.0.0 in a container.', '127.0.0.1'),
    port: integerSetting('Port to listen on; 0 for any free one.', 9464, { maximum: 65_535 }),
  }),
})

export const logSection = section('Log lines (JSON, to standard error).', {
  level: choiceSetting('Least important level that is written.', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
})
