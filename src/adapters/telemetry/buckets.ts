import type { MetricName } from '../../ports/telemetry.ts'

/** Buckets that the messaging conventions advise for durations, in seconds. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Histograms whose values lie elsewhere. */
const OTHER_BUCKETS: ReadonlyMap<MetricName, readonly number[]> = new Map([
  // As the database conventions advise.
  ['db.client.operation.duration', [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]],
  // From milliseconds on one machine to the horizon of a prediction.
  ['forewarm.prediction.margin', [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]],
  ['forewarm.event_to_warm.duration', [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]],
])

/** Upper bounds, included, of a histogram's buckets in its unit, ascending; above the last lies one bucket more. */
export const bucketsOf = (metric: MetricName): readonly number[] => OTHER_BUCKETS.get(metric) ?? DURATION_BUCKETS
