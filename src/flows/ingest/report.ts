import { VERDICTS } from '../../model/fold/prediction.ts'
import type { ShardState } from '../../model/fold/shard-state.ts'
import { type FoldReport, type Group, SEEN_OUTCOMES } from '../../model/fold/tallies.ts'
import { prove } from '../../model/proof.ts'
import type { Telemetry } from '../../ports/telemetry.ts'

const GROUPS: readonly Group[] = ['treated', 'control']

/** Reports what a shard has folded since the last report, once that is stored. */
export function reportShard(telemetry: Telemetry, key: string, state: ShardState): void {
  const report = state.takeReport()
  if (report.accesses > 0) telemetry.measure('forewarm.ingest.accesses', report.accesses)
  for (const group of GROUPS) {
    for (const outcome of SEEN_OUTCOMES) {
      const count = report.outcomes[group][outcome]
      if (count > 0) telemetry.measure('forewarm.access.outcomes', count, { outcome, group })
    }
  }
  if (reportSettled(telemetry, report)) reportAccuracy(telemetry, key, state)
}

function reportSettled(telemetry: Telemetry, report: FoldReport): boolean {
  for (const [reason, dispositions] of report.settled.byReason) {
    for (const [disposition, tally] of dispositions) {
      for (const verdict of VERDICTS) {
        if (tally[verdict] > 0)
          telemetry.measure('forewarm.settlements', tally[verdict], { verdict, reason, disposition })
      }
    }
  }
  return report.settled.byReason.size > 0
}

/** Hits divided by hits and wasted of what was warmed, since the shard began. */
function reportAccuracy(telemetry: Telemetry, key: string, state: ShardState): void {
  const { treated, control } = state.outcomes
  const { accuracy } = prove({ tallies: state.tallies, treated, control })
  const at = key.lastIndexOf('#')
  const attributes = { workspace: key.slice(0, at), shard: Number(key.slice(at + 1)) }
  if (accuracy !== null) telemetry.measure('forewarm.accuracy', accuracy, attributes)
}
