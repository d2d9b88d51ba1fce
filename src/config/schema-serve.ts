/** Settings of what a process shows to the outside: the health, telemetry and logs. */
import {
  choiceSetting,
  integerSetting,
  numberSetting,
  optionalSetting,
  section,
  switchSetting,
  textSetting,
} from './setting.ts'

export const healthSection = section('The health server of each process, plain HTTP: /livez and /readyz.', {
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

export const logSection = section(
  'Log lines (JSON, to standard error; text where somebody has started the process at a terminal).',
  {
    level: choiceSetting(
      'Least important level that is written.',
      ['debug', 'info', 'warn', 'error', 'silent'],
      'info',
    ),
  },
)
