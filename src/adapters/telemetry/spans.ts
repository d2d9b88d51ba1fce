import {
  context,
  isSpanContextValid,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { ForewarmError } from '../../ports/errors.ts'
import type { ActiveSpan, SpanOptions, Traceparent } from '../../ports/telemetry.ts'

/** As many links as the SDK keeps of a span. */
const LINKS_MAX = 128

const KINDS: { readonly [Kind in SpanOptions['kind']]: SpanKind } = {
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
}

type Work<Result> = (span: ActiveSpan) => Promise<Result>

/** Runs `work` inside a span of this tracer. A failure is noted by its kind alone: messages may hold paths. */
export function runInSpan<Result>(
  tracer: Tracer,
  { name, ...options }: SpanOptions & { readonly name: string },
  work: Work<Result>,
): Promise<Result> {
  const parent = options.parent === undefined || options.parent === null ? null : parseTraceParent(options.parent)
  const active = context.active()
  const around = parent === null ? active : trace.setSpanContext(active, { ...parent, isRemote: true })
  const links = (options.links ?? []).slice(0, LINKS_MAX).flatMap(linkTo)
  const start = { kind: KINDS[options.kind], attributes: { ...options.attributes }, links }
  return tracer.startActiveSpan(name, start, around, async (span) => {
    try {
      return await work({ traceparent: traceparentOf(span), set: (attributes) => void span.setAttributes(attributes) })
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR })
      span.setAttribute('error.type', errorType(error))
      throw error
    } finally {
      span.end()
    }
  })
}

/** W3C traceparent of a span, null for none and for one that is no span at all (telemetry off). */
export function traceparentOf(span: Span | undefined): Traceparent | null {
  const spanContext = span?.spanContext()
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return null
  const { traceId, spanId, traceFlags } = spanContext
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

function linkTo(traceparent: Traceparent): Link[] {
  const linked = parseTraceParent(traceparent)
  return linked === null ? [] : [{ context: { ...linked, isRemote: true } }]
}

const errorType = (error: unknown): string => {
  if (error instanceof ForewarmError) return error.code
  return error instanceof Error ? error.name : '_OTHER'
}
