import type { Attributes, MetricName, Telemetry } from '../../ports/telemetry.ts'
import { METRICS } from '../../ports/telemetry.ts'

/** Workspaces that a process tells apart in its metrics, the first ones that it meets; more are `other`. */
const WORKSPACES_MAX = 100

const OTHER = 'other'

/**
 * Bounds the series that workspaces make: whoever can publish can name them. Counts of the rest are added up; gauges of
 * the rest are left out, for they would overwrite each other.
 */
export function boundedWorkspaces(measure: Telemetry['measure'], max: number = WORKSPACES_MAX): Telemetry['measure'] {
  const told = new Set<string>()
  return (metric: MetricName, value: number, attributes: Attributes = {}) => {
    const { workspace } = attributes
    if (typeof workspace !== 'string') return measure(metric, value, attributes)
    if (told.size < max) told.add(workspace)
    if (told.has(workspace)) return measure(metric, value, attributes)
    if (METRICS[metric].kind !== 'gauge') measure(metric, value, { ...attributes, workspace: OTHER })
  }
}
