import type { LiveWorker } from '../../ports/live.ts'
import type { Told } from '../gateway.ts'
import { ago, bytes, count, percent } from '../words.ts'
import { Card } from './card.tsx'

/** A cache of which more than this is live has no room for warms. */
const PRESSURE_HIGH = 0.8

/** What the cache holds, its pressure, and how far the governor lets each worker go. */
export function Cache({ told: { status, live } }: { readonly told: Told }) {
  const { pressure = 0, bytesUsed = 0, bytesMax = null } = status?.pressure ?? {}
  return (
    <Card span={4} title="Cache and governor">
      <Gauge name="Pressure" value={pressure} note="share held by live entries" isBad={pressure > PRESSURE_HIGH} />
      <dl class="facts">
        <div>
          <dt>Used</dt>
          <dd>
            {bytes(bytesUsed)}
            {bytesMax !== null && ` of ${bytes(bytesMax)}`}
          </dd>
        </div>
        <div>
          <dt>Values of this workspace</dt>
          <dd>{count(status?.cache.entries ?? 0)}</dd>
        </div>
        <div>
          <dt>Warmed and not read yet</dt>
          <dd>{count(status?.cache.unreadWarms ?? 0)}</dd>
        </div>
      </dl>
      <h3>Governor</h3>
      <p class="soft">Share of its speed that each worker takes, so that others find cache and origin free.</p>
      {live === undefined || live.workers.length === 0 ? (
        <p class="empty">No worker has answered of late.</p>
      ) : (
        live.workers.map((worker) => <Worker key={worker.worker} {...worker} />)
      )}
    </Card>
  )
}

const Worker = ({ worker, atMs, governor, pressure }: LiveWorker) => (
  <Gauge
    name={worker}
    value={governor ?? 1}
    note={`${governor === null ? 'did not say, ' : ''}${ago(atMs)}${pressure > 0 ? `, met a pressure of ${percent(pressure, 0)}` : ''}`}
    isBad={governor !== null && governor < 1}
  />
)

type GaugeProps = {
  readonly name: string
  /** 0..1. */
  readonly value: number
  readonly note: string
  readonly isBad: boolean
}

const Gauge = ({ name, value, note, isBad }: GaugeProps) => (
  <div class={isBad ? 'gauge bad' : 'gauge'}>
    <span class="name">{name}</span>
    <b>{percent(value, 0)}</b>
    <meter min={0} max={1} value={value} aria-label={name}>
      {percent(value, 0)}
    </meter>
    <span class="soft">{note}</span>
  </div>
)
