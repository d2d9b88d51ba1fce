import { VERDICTS } from '../../model/fold/prediction.ts'
import type { ShardState } from '../../model/fold/shard-state.ts'
import { type FoldReport, type Group, SEEN_OUTCOMES } from '../../model/fold/tallies.ts'
import type { Telemetry } from '../../ports/telemetry.ts'

const GROUPS: readonly Group[] = ['treated', 'control']

/** Reports what a shard (`workspace#shard`) has folded since the last report, once that is stored. */
export function reportShard(telemetry: Telemetry, key: string, state: ShardState): void {
  const report = state.takeReport()
  const workspace = key.slice(0, key.lastIndexOf('#'))
  if (report.accesses > 0) telemetry.measure('forewarm.ingest.accesses', report.accesses)
  for (const group of GROUPS) {
    for (const outcome of SEEN_OUTCOMES) {
      const count = report.outcomes[group][outcome]
      if (count > 0) telemetry.measure('forewarm.access.outcomes', count, { workspace, outcome, group })
    }
  }
  reportSettled(telemetry, workspace, report)
}

function reportSettled(telemetry: Telemetry, workspace: string, { settled, margins, wastedBytes }: FoldReport): void {
  for (const [reason, dispositions] of settled.byReason) {
    for (const [disposition, tally] of dispositions) {
      for (const verdict of VERDICTS) {
        const of = { workspace, verdict, reason, disposition }
        if (tally[verdict] > 0) telemetry.measure('forewarm.settlements', tally[verdict], of)
      }
    }
  }
  for (const { verdict, ms } of margins) {
    telemetry.measure('forewarm.prediction.margin', ms / 1_000, { workspace, verdict })
  }
  for (const [reason, bytes] of wastedBytes) telemetry.measure('forewarm.warm.wasted', bytes, { workspace, reason })
}
