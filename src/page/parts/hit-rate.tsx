import type { LiveMinute } from '../../ports/live.ts'
import type { Told } from '../gateway.ts'
import { count, percent } from '../words.ts'
import { Card } from './card.tsx'
import { Plot } from './plot.tsx'

/** Control reads are few: each point is of the quarter of an hour before it. */
const CONTROL_MS = 15 * 60_000

/** Whether warming pays: the share of reads that the cache answers, beside that of files that are never warmed. */
export function HitRate({ told: { status, live } }: { readonly told: Told }) {
  const proof = status?.learned?.proof
  const prevented = proof?.missesPrevented
  return (
    <Card span={8} title="Hit rate">
      <dl class="hero">
        <div class="warm">
          <dt>With warming</dt>
          <dd>{percent(proof?.hitRate?.value)}</dd>
          <dd class="soft">all treated reads so far</dd>
        </div>
        <div class="cold">
          <dt>Without</dt>
          <dd>{percent(proof?.hitRateWithoutWarming?.value)}</dd>
          <dd class="soft">files of the control group, never warmed</dd>
        </div>
        <div>
          <dt>Misses prevented</dt>
          <dd>{prevented == null ? '–' : count(prevented.value)}</dd>
          <dd class="soft">
            {prevented == null
              ? 'needs reads of the control group'
              : `95 % sure: ${count(prevented.low)} to ${count(prevented.high)}`}
          </dd>
        </div>
      </dl>
      <OverTime minutes={live?.minutes ?? []} />
    </Card>
  )
}

function OverTime({ minutes }: { readonly minutes: readonly LiveMinute[] }) {
  if (minutes.length === 0) return <p class="empty">No read has told what it found in the cache yet.</p>
  const treated = minutes.map(({ treated: { reads, hits } }) => (reads === 0 ? null : hits / reads))
  const control = minutes.map(({ minute }) => controlRate(minutes, minute))
  return (
    <Plot
      timesMs={minutes.map(({ minute }) => minute)}
      values={[treated, control]}
      lines={[
        { label: 'with warming, by minute', colour: 'warm', filled: true },
        { label: 'without, last 15 min', colour: 'cold', dash: [6, 4] },
      ]}
      max={1.02}
      show={(value) => percent(value, 0)}
      summary={`Latest minute: ${percent(treated.at(-1))} with warming, ${percent(control.at(-1))} without.`}
    />
  )
}

function controlRate(minutes: readonly LiveMinute[], untilMs: number): number | null {
  const near = minutes.filter(({ minute }) => minute > untilMs - CONTROL_MS && minute <= untilMs)
  const reads = near.reduce((sum, { control }) => sum + control.reads, 0)
  return reads === 0 ? null : near.reduce((sum, { control }) => sum + control.hits, 0) / reads
}
