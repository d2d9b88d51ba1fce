import { useState } from 'preact/hooks'
import type { LiveFate, LivePrediction, LiveRead, LiveSession } from '../../ports/live.ts'
import { clock, count, percent } from '../words.ts'
import { Bar, Keys, type Tone } from './bar.tsx'
import { Card } from './card.tsx'
import { Path } from './path.tsx'
import { Scroll } from './scroll.tsx'

const FATES: Readonly<Record<LiveFate, { readonly words: string; readonly tone: Tone }>> = {
  hit: { words: 'read in time', tone: 'good' },
  ready: { words: 'in the cache', tone: 'ready' },
  asked: { words: 'with a worker', tone: 'cold' },
  late: { words: 'read before it was warm', tone: 'late' },
  unread: { words: 'not read', tone: 'bad' },
  notWarmed: { words: 'not warmed', tone: 'none' },
}

const READS: Readonly<Record<LiveRead['outcome'], { readonly words: string; readonly tone: Tone }>> = {
  warmHit: { words: 'warm hit', tone: 'good' },
  hit: { words: 'hit', tone: 'cold' },
  miss: { words: 'miss', tone: 'late' },
  stale: { words: 'stale', tone: 'bad' },
  unknown: { words: 'unknown', tone: 'none' },
}

/** The sessions of late: what was predicted for one, and what came. */
export function Sessions({ sessions }: { readonly sessions: readonly LiveSession[] }) {
  const [chosen, setChosen] = useState<string | null>(null)
  const session = sessions.find((one) => one.session === chosen) ?? sessions[0]
  return (
    <Card span={8} title="Session now running">
      {session === undefined ? (
        <p class="empty">No session has read anything of late.</p>
      ) : (
        <>
          <label>
            <span class="hidden">Session</span>
            <select value={session.session} onChange={(event) => setChosen(event.currentTarget.value)}>
              {sessions.map((one) => (
                <option key={one.session} value={one.session}>
                  {one.analyzer} · {one.session} · {one.ended ? 'ended' : 'running'}
                </option>
              ))}
            </select>
          </label>
          <div class="pair">
            <Predicted {...session} />
            <Came {...session} />
          </div>
        </>
      )}
    </Card>
  )
}

function Predicted({ fates, latestPredictions }: LiveSession) {
  const parts = Object.entries(FATES).map(([fate, { words, tone }]) => ({
    name: words,
    value: fates[fate as LiveFate],
    tone,
  }))
  const total = parts.reduce((sum, { value }) => sum + value, 0)
  return (
    <div>
      <h3>Predicted</h3>
      <Bar parts={parts} total={total} />
      <Keys parts={parts} />
      {total === 0 && <p class="empty">Nothing was held likely enough to be warmed.</p>}
      <Scroll name="Predicted files, the latest first">
        <ol class="list tall">
          {latestPredictions.map((one) => (
            <Prediction key={one.path} {...one} />
          ))}
        </ol>
      </Scroll>
    </div>
  )
}

const Prediction = ({ path, probability, reason, fate }: LivePrediction) => (
  <li class={`edge-${FATES[fate].tone}`}>
    <Path path={path} />
    <span class="soft">
      {FATES[fate].words} · {percent(probability, 0)} by {reason}
    </span>
  </li>
)

function Came({ outcomes, reads, latestReads }: LiveSession) {
  const parts = Object.entries(READS).map(([outcome, { words, tone }]) => ({
    name: words,
    value: outcomes[outcome as LiveRead['outcome']],
    tone,
  }))
  return (
    <div>
      <h3>Came</h3>
      <Bar parts={parts} total={reads} />
      <Keys parts={parts} />
      <Scroll name={`The latest of ${count(reads)} reads, the last first`}>
        <ol class="list">
          {latestReads.map((read) => (
            <li key={`${read.timeMs} ${read.path}`} class={`edge-${READS[read.outcome].tone}`}>
              <Path path={read.path} />
              <span class="soft">
                {READS[read.outcome].words} · {clock(read.timeMs)}
              </span>
            </li>
          ))}
        </ol>
      </Scroll>
    </div>
  )
}
