import { useState } from 'preact/hooks'
import { pathOf, post, type Told } from '../gateway.ts'
import { bytes, clock, count, percent } from '../words.ts'
import { Card } from './card.tsx'

/** Pressure, what the cache holds, and the kill switch. */
export function Switch({ workspace, told: { status } }: { readonly workspace: string; readonly told: Told }) {
  const [answer, setAnswer] = useState('')
  const own = status?.pauses.find((pause) => pause.workspace === workspace)
  const ofAll = status?.pauses.find((pause) => pause.workspace === null)
  const pressure = status?.pressure.pressure ?? 0
  const turn = async () => {
    const verb = own === undefined ? 'pause' : 'resume'
    if (verb === 'pause' && !confirm(`Pause warming of ${workspace}? Readers go on without it.`)) return
    setAnswer('Asking…')
    await post(`${pathOf(workspace)}/${verb}`).then(
      () => setAnswer(verb === 'pause' ? 'Warming is paused.' : 'Warming goes on.'),
      (cause) => setAnswer(String(cause.message)),
    )
  }
  return (
    <Card title="Pressure and kill switch">
      <p>
        <label>
          Pressure: share of the cache held by live entries, {percent(pressure)}
          <meter class="big" min={0} max={1} high={0.8} optimum={0} value={pressure} />
        </label>
      </p>
      <p class="soft">
        {bytes(status?.pressure.bytesUsed ?? 0)} of{' '}
        {status?.pressure.bytesMax == null ? 'no bound' : bytes(status.pressure.bytesMax)} used;{' '}
        {count(status?.cache.entries ?? 0)} values of this workspace, {count(status?.cache.unreadWarms ?? 0)} of them
        warmed and not read yet. How far the governor lets workers go is their metric forewarm.warm.governor.
      </p>
      {ofAll !== undefined && (
        <p class="trouble">
          Warming of all workspaces is paused since {clock(ofAll.sinceMs)} by {ofAll.by}.
        </p>
      )}
      <p class={own === undefined ? '' : 'trouble'}>
        {own === undefined ? 'Warming of this workspace is on.' : `Paused since ${clock(own.sinceMs)} by ${own.by}.`}
      </p>
      <button type="button" class={own === undefined ? 'stop' : ''} onClick={turn}>
        {own === undefined ? 'Pause warming' : 'Resume warming'}
      </button>{' '}
      <span role="status">{answer}</span>
    </Card>
  )
}
