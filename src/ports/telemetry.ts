/** What the flows report. The closed list of metrics is METRICS; docs/operations.md is checked against it. */

export type Attributes = Readonly<Record<string, string | number | boolean>>

type MetricSpec = {
  readonly kind: 'counter' | 'histogram' | 'gauge'
  readonly unit: string
  readonly description: string
}

/** Names, units and meanings of all metrics of the project itself. Paths and sessions are never attributes. */
export const METRICS = {
  'forewarm.ingest.accesses': { kind: 'counter', unit: '{access}', description: 'Accesses counted into the model' },
  'forewarm.ingest.records': {
    kind: 'counter',
    unit: '{record}',
    description: 'Records by topic, partition and fate: done, skipped, retry, parked',
  },
  'forewarm.ingest.applies': {
    kind: 'counter',
    unit: '{apply}',
    description: 'Compare-and-set writes by result: applied, ahead, behind',
  },
  'forewarm.consumer.lag': {
    kind: 'gauge',
    unit: '{record}',
    description: 'Records that a group has not taken yet, by group (ingest, predict, warm, pointers), topic, partition',
  },
  'forewarm.model.evicted': {
    kind: 'gauge',
    unit: '{key}',
    description: 'Keys that the model Redis has evicted since it started: anything but 0 is a model with holes',
  },
  'forewarm.model.memory': {
    kind: 'gauge',
    unit: '1',
    description: 'Share of its maxmemory that the model Redis uses (in a cluster its fullest node); 0 without a limit',
  },
  'forewarm.access.outcomes': {
    kind: 'counter',
    unit: '{access}',
    description: 'Accesses by workspace, outcome and group (treated, control)',
  },
  'forewarm.predict.predictions': {
    kind: 'counter',
    unit: '{prediction}',
    description: 'Issued predictions by workspace and reason',
  },
  'forewarm.predict.commands': { kind: 'counter', unit: '{command}', description: 'Issued warm commands' },
  'forewarm.predict.suppressed': {
    kind: 'counter',
    unit: '{prediction}',
    description: 'Candidates not issued, by cause: open, throttled, late, threshold, paused, away',
  },
  'forewarm.predict.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Time to predict for one batch of accesses',
  },
  'forewarm.runs.started': { kind: 'counter', unit: '{run}', description: 'Runs that predict has begun' },
  'forewarm.runs.ended': {
    kind: 'counter',
    unit: '{run}',
    description: 'Runs by the state they ended in: complete, partial, cancelled, timedOut, failed',
  },
  'forewarm.runs.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Time from the request of a run to its end, by state',
  },
  'forewarm.runs.files': { kind: 'counter', unit: '{file}', description: 'Files of ended runs by outcome and detail' },
  'forewarm.runs.open': { kind: 'gauge', unit: '{run}', description: 'Runs in the hands of this process' },
  'forewarm.settlements': {
    kind: 'counter',
    unit: '{prediction}',
    description: 'Settled predictions by workspace, verdict (hit, late, wasted), reason and disposition',
  },
  'forewarm.prediction.margin': {
    kind: 'histogram',
    unit: 's',
    description:
      'Time between a warm and its read by workspace and verdict: hit (done before it), late (done after it)',
  },
  'forewarm.accuracy': {
    kind: 'gauge',
    unit: '1',
    description: 'Hits / (hits + wasted) by workspace and window (all, recent)',
  },
  'forewarm.accuracy.low': {
    kind: 'gauge',
    unit: '1',
    description: '1 while the recent accuracy of a workspace is below its accuracyTarget, else 0',
  },
  'forewarm.timeliness': {
    kind: 'gauge',
    unit: '1',
    description: 'Hits / (hits + late) by workspace and window (all, recent)',
  },
  'forewarm.hit_rate': {
    kind: 'gauge',
    unit: '1',
    description: 'Reads that the cache answered by workspace, warming (with, without) and bound (estimate, low, high)',
  },
  'forewarm.coverage': {
    kind: 'gauge',
    unit: '1',
    description:
      'Share of the misses without warming that were prevented, by workspace and bound (estimate, low, high)',
  },
  'forewarm.misses_prevented': {
    kind: 'gauge',
    unit: '{access}',
    description: 'Misses that warming has prevented so far, by workspace and bound (estimate, low, high)',
  },
  'forewarm.warm.files': { kind: 'counter', unit: '{file}', description: 'Files of commands by outcome' },
  'forewarm.warm.bytes': { kind: 'counter', unit: 'By', description: 'Bytes put into the cache by workers' },
  'forewarm.warm.wasted': {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of warmed values that nobody read, by workspace and reason',
  },
  'forewarm.warm.duration': { kind: 'histogram', unit: 's', description: 'Time to carry out one command' },
  'forewarm.warm.throttled': {
    kind: 'histogram',
    unit: 's',
    description: 'Time that a file waited for a limit: bytes, files, requests or its run',
  },
  'forewarm.warm.governor': {
    kind: 'gauge',
    unit: '1',
    description: 'Share of its files in flight that warming may have while it spares the cache or an origin',
  },
  'forewarm.event_to_warm.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Time from the access that led to a command to its files being in the cache',
  },
  'forewarm.cache.pressure': { kind: 'gauge', unit: '1', description: 'Share of the cache held by live entries' },
  'forewarm.worker.memory': {
    kind: 'gauge',
    unit: '1',
    description: 'Share of the memory that the worker may take which is in use; 0 where nothing bounds it',
  },
  'forewarm.origin.requests': {
    kind: 'counter',
    unit: '{request}',
    description: 'Requests to origins by workspace, operation and outcome (failed, refused, …)',
  },
  'forewarm.origin.duration': { kind: 'histogram', unit: 's', description: 'Time of requests to origins' },
  'forewarm.origin.breaker': {
    kind: 'gauge',
    unit: '1',
    description: "State of the origin's circuit breaker by workspace: 0 closed, 1 probing, 2 open",
  },
  'forewarm.publisher.dropped': {
    kind: 'counter',
    unit: '{access}',
    description: 'Accesses dropped by a full publisher buffer',
  },
  'forewarm.gateway.requests': { kind: 'counter', unit: '{request}', description: 'Requests by route and status' },
  'forewarm.dead_letters': { kind: 'counter', unit: '{record}', description: 'Records parked, by topic and reason' },
  'messaging.client.sent.messages': { kind: 'counter', unit: '{message}', description: 'Messages sent to the log' },
  'messaging.client.consumed.messages': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages polled from the log',
  },
  'messaging.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of log client operations',
  },
  'messaging.process.duration': { kind: 'histogram', unit: 's', description: 'Duration of processing one batch' },
  'db.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Duration of Redis commands, by name of the command',
  },
} as const satisfies Readonly<Record<string, MetricSpec>>

export type MetricName = keyof typeof METRICS

export type GaugeName = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends 'gauge' ? Name : never
}[MetricName]

/** A span to link to, as a W3C traceparent value. */
export type Traceparent = string

export type SpanOptions = {
  readonly kind: 'internal' | 'producer' | 'consumer' | 'client' | 'server'
  readonly attributes?: Attributes
  /** Parent taken from outside (a record's header); without it the active span is the parent. */
  readonly parent?: Traceparent | null
  /** Spans that led to this one; at most 128 are kept. */
  readonly links?: readonly Traceparent[]
}

export interface ActiveSpan {
  /** W3C traceparent of this span, to be sent along; null when nothing records. */
  readonly traceparent: Traceparent | null
  set(attributes: Attributes): void
}

export interface Telemetry {
  /** Runs `work` inside a span; a rejection marks the span failed and is passed on. */
  span<Result>(name: string, options: SpanOptions, work: (span: ActiveSpan) => Promise<Result>): Promise<Result>
  /** Traceparent of the active span, if any. */
  current(): Traceparent | null
  /** Adds to a counter, records into a histogram (seconds or bytes as its unit says), or sets a gauge. */
  measure(metric: MetricName, value: number, attributes?: Attributes): void
  /**
   * Ends the series of a gauge that have at least these attributes, until they are set again: what a process knew last of
   * what is another's now is no news.
   */
  withdraw(gauge: GaugeName, attributes: Attributes): void
}

/** Structured log lines. Secrets never go in; paths only at debug level. */
export interface Log {
  debug(fields: Attributes, message: string): void
  info(fields: Attributes, message: string): void
  warn(fields: Attributes, message: string): void
  error(fields: Attributes & { err?: never }, message: string, cause?: unknown): void
}
