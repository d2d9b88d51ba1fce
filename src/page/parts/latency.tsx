import type { LiveLatency } from '../../ports/live.ts'
import type { Told } from '../gateway.ts'
import { duration } from '../words.ts'
import { Card } from './card.tsx'
import { Plot } from './plot.tsx'

export function Latency({ told: { live } }: { readonly told: Told }) {
  const latency = live?.latency
  return (
    <Card span={6} title="End-to-end latency" note="From a read to the files in the cache that it told of.">
      {latency == null ? <p class="empty">No file has been warmed for a session yet.</p> : <OverTime {...latency} />}
    </Card>
  )
}

function OverTime({ p50Ms, p95Ms, p99Ms, minutes }: LiveLatency) {
  const summary = `Median ${duration(p50Ms)}, 95 % within ${duration(p95Ms)}, 99 % within ${duration(p99Ms)}.`
  return (
    <>
      <p>{summary}</p>
      <Plot
        timesMs={minutes.map(({ minute }) => minute)}
        values={[minutes.map((one) => one.p50Ms), minutes.map((one) => one.p95Ms)]}
        lines={[
          { label: 'median', colour: 'warm', filled: true },
          { label: '95 %', colour: 'late' },
        ]}
        show={duration}
        summary={summary}
      />
    </>
  )
}
