import type { Told } from '../gateway.ts'
import { bytes, count, duration, percent } from '../words.ts'
import { Card } from './card.tsx'
import { Heat } from './heat.tsx'
import { Neighbours } from './neighbours.tsx'
import { Plot } from './plot.tsx'
import { Runs } from './runs.tsx'
import { Sessions } from './sessions.tsx'
import { Switch } from './switch.tsx'

/** Control reads are few: each point is of the quarter of an hour before it. */
const CONTROL_MS = 15 * 60_000

export function Board({ workspace, told }: { readonly workspace: string; readonly told: Told }) {
  return (
    <>
      <Tiles told={told} />
      <div class="grid">
        <HitRate told={told} />
        <Latency told={told} />
        <Reasons told={told} />
        <Switch workspace={workspace} told={told} />
        <Sessions sessions={told.live?.sessions ?? []} />
        <Runs workspace={workspace} runs={told.runs ?? []} />
        <Heat workspace={workspace} />
        <Neighbours workspace={workspace} />
      </div>
    </>
  )
}

function Tiles({ told: { status, live } }: { readonly told: Told }) {
  const proof = status?.learned?.proof
  const prevented = proof?.missesPrevented
  const tiles: readonly (readonly [string, string, string])[] = [
    ['Hit rate with warming', percent(proof?.hitRate?.value), 'all treated reads so far'],
    ['Without warming', percent(proof?.hitRateWithoutWarming?.value), 'control group, never warmed'],
    [
      'Misses prevented',
      prevented == null ? '–' : count(prevented.value),
      prevented == null
        ? 'needs reads of the control group'
        : `95 %: ${count(prevented.low)} to ${count(prevented.high)}`,
    ],
    ['Accuracy', percent(proof?.accuracy), `target ${percent(status?.accuracy.target, 0)}`],
    ['Access to cache', live?.latency == null ? '–' : duration(live.latency.p50Ms), 'median, end to end'],
    ['Accesses learned', count(status?.learned?.accesses ?? 0), `${count(status?.learned?.files ?? 0)} files`],
  ]
  return (
    <dl class="tiles">
      {tiles.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          <dd class="soft">{note}</dd>
        </div>
      ))}
    </dl>
  )
}

function HitRate({ told: { live } }: { readonly told: Told }) {
  const minutes = live?.minutes ?? []
  const treated = minutes.map(({ treated: { reads, hits } }) => (reads === 0 ? null : hits / reads))
  const control = minutes.map(({ minute }) => {
    const near = minutes.filter((one) => one.minute > minute - CONTROL_MS && one.minute <= minute)
    const reads = near.reduce((sum, one) => sum + one.control.reads, 0)
    return reads === 0 ? null : near.reduce((sum, one) => sum + one.control.hits, 0) / reads
  })
  const summary = `Latest minute: ${percent(treated.at(-1))} with warming, ${percent(control.at(-1))} without.`
  return (
    <Card
      wide
      title="Hit rate over time"
      note="By minute; without warming is the control group of the quarter of an hour before."
    >
      {minutes.length === 0 ? (
        <p class="empty">No read has told what it found in the cache yet.</p>
      ) : (
        <Plot
          timesMs={minutes.map(({ minute }) => minute)}
          values={[treated, control]}
          lines={[
            { label: 'with warming', colour: 'warm' },
            { label: 'without', colour: 'cold', dash: [6, 4] },
          ]}
          max={1.02}
          show={(value) => percent(value, 0)}
          summary={summary}
        />
      )}
    </Card>
  )
}

function Latency({ told: { live } }: { readonly told: Told }) {
  const latency = live?.latency
  if (latency == null) {
    return (
      <Card title="End-to-end latency">
        <p class="empty">No file has been warmed for a session yet.</p>
      </Card>
    )
  }
  const { p50Ms, p95Ms, p99Ms, minutes } = latency
  const summary = `Median ${duration(p50Ms)}, 95 % within ${duration(p95Ms)}, 99 % within ${duration(p99Ms)}.`
  return (
    <Card title="End-to-end latency" note={`From an access to the files in the cache. ${summary}`}>
      <Plot
        timesMs={minutes.map(({ minute }) => minute)}
        values={[minutes.map((one) => one.p50Ms), minutes.map((one) => one.p95Ms)]}
        lines={[
          { label: 'median', colour: 'warm' },
          { label: '95 %', colour: 'late' },
        ]}
        show={duration}
        summary={summary}
      />
    </Card>
  )
}

function Reasons({ told: { status } }: { readonly told: Told }) {
  const reasons = [...(status?.learned?.proof.byReason ?? [])].sort((one, other) => other.hit - one.hit)
  return (
    <Card title="Accuracy by reason" note="Settled warms: read in time, too late, or not at all.">
      {reasons.length === 0 ? (
        <p class="empty">Nothing has been settled yet.</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                {['Reason', 'Accuracy', 'Hit', 'Late', 'Wasted', 'Wasted bytes'].map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {reasons.map(({ reason, accuracy, hit, late, wasted, wastedBytes }) => (
                <tr key={reason}>
                  <th scope="row">{reason}</th>
                  <td>
                    <meter min={0} max={1} low={0.7} optimum={1} value={accuracy ?? 0} aria-hidden="true" />{' '}
                    {percent(accuracy)}
                  </td>
                  <td>{count(hit)}</td>
                  <td>{count(late)}</td>
                  <td>{count(wasted)}</td>
                  <td>{bytes(wastedBytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  )
}
