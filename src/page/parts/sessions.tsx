import { useState } from 'preact/hooks'
import type { LiveFate, LiveSession } from '../../ports/live.ts'
import { clock, count, percent } from '../words.ts'
import { Card } from './card.tsx'

const FATES: Readonly<Record<LiveFate, string>> = {
  asked: 'with a worker',
  ready: 'in the cache',
  hit: 'read in time',
  late: 'read before it was warm',
  unread: 'not read',
  notWarmed: 'not warmed',
}

/** The sessions of late: what was predicted for one, and what came. */
export function Sessions({ sessions }: { readonly sessions: readonly LiveSession[] }) {
  const [chosen, setChosen] = useState<string | null>(null)
  const session = sessions.find((one) => one.session === chosen) ?? sessions[0]
  return (
    <Card wide title="Session now running" note="What was predicted for it, and what came.">
      {session === undefined ? (
        <p class="empty">No session has read anything of late.</p>
      ) : (
        <>
          <label>
            Session{' '}
            <select value={session.session} onChange={(event) => setChosen(event.currentTarget.value)}>
              {sessions.map((one) => (
                <option key={one.session} value={one.session}>
                  {one.analyzer} {one.session} {one.ended ? '(ended)' : '(running)'}
                </option>
              ))}
            </select>
          </label>
          <Told session={session} />
        </>
      )}
    </Card>
  )
}

function Told({ session }: { readonly session: LiveSession }) {
  const { hit, warmHit, unknown } = session.outcomes
  const seen = session.reads - unknown
  return (
    <>
      <p class="soft">
        {count(session.reads)} reads,{' '}
        {seen === 0 ? 'outcomes unknown' : `${percent((hit + warmHit) / seen)} from the cache`}, {count(warmHit)} thanks
        to a warm. Predicted:{' '}
        {Object.entries(FATES)
          .map(([fate, words]) => `${count(session.fates[fate as LiveFate])} ${words}`)
          .join(', ')}
        .
      </p>
      <div class="pair">
        <div>
          <h3>Predicted</h3>
          <ol class="list">
            {session.latestPredictions.map((one) => (
              <li key={one.path} class={`fate-${one.fate}`}>
                <code>{one.path}</code>
                <span class="soft">
                  {percent(one.probability, 0)} {one.reason}: {FATES[one.fate]}
                </span>
              </li>
            ))}
          </ol>
        </div>
        <div>
          <h3>Came</h3>
          <ol class="list">
            {session.latestReads.map((read) => (
              <li key={`${read.timeMs} ${read.path}`} class={`read-${read.outcome}`}>
                <code>{read.path}</code>
                <span class="soft">
                  {clock(read.timeMs)} {read.outcome === 'warmHit' ? 'warm hit' : read.outcome}
                </span>
              </li>
            ))}
          </ol>
        </div>
      </div>
    </>
  )
}
