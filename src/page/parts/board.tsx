import type { Told } from '../gateway.ts'
import { Cache } from './cache.tsx'
import { Figures } from './figures.tsx'
import { Heat } from './heat.tsx'
import { HitRate } from './hit-rate.tsx'
import { Latency } from './latency.tsx'
import { Neighbours } from './neighbours.tsx'
import { Reasons } from './reasons.tsx'
import { Runs } from './runs.tsx'
import { Sessions } from './sessions.tsx'

/** Whether warming pays, what goes on now, how well it predicts, and what it has learned: in this order. */
export function Board({ workspace, told }: { readonly workspace: string; readonly told: Told }) {
  const learned = told.status?.learned
  return (
    <div class="grid">
      <HitRate told={told} />
      <Figures told={told} />
      <Sessions sessions={told.live?.sessions ?? []} />
      <Cache told={told} />
      <Reasons told={told} />
      <Latency told={told} />
      <Runs workspace={workspace} runs={told.runs ?? []} />
      <Heat workspace={workspace} isLearned={learned != null} />
      <Neighbours workspace={workspace} sessions={learned?.closedSessions ?? 0} />
    </div>
  )
}
