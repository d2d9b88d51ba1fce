import { useState } from 'preact/hooks'
import type { RunCount, RunSummary } from '../../ports/runs.ts'
import { pathOf, post } from '../gateway.ts'
import { ago, bytes, count } from '../words.ts'
import { Bar, Keys } from './bar.tsx'
import { Card } from './card.tsx'
import { Failed } from './failed.tsx'
import { isNotWarmed, isThere, TONES } from './outcomes.ts'

/** Runs with their progress, and what failed in one. */
export function Runs({ workspace, runs }: { readonly workspace: string; readonly runs: readonly RunSummary[] }) {
  const [answer, setAnswer] = useState('')
  const ask = (run: string, verb: 'cancel' | 'retry') =>
    post(`${pathOf(workspace)}/runs/${encodeURIComponent(run)}/${verb}`).then(
      () => setAnswer(`Asked to ${verb} ${run}.`),
      (cause) => setAnswer(`Not done: ${cause.message}.`),
    )
  return (
    <Card span={6} title="Runs" note="Warming that somebody asked for, file by file.">
      {runs.length === 0 && (
        <p class="empty">
          No run is kept. Ask for one with <code>forewarm warm</code>.
        </p>
      )}
      <p role="status" class="answer">
        {answer}
      </p>
      {runs.map((run) => (
        <Run key={run.id} workspace={workspace} run={run} ask={(verb) => ask(run.id, verb)} />
      ))}
    </Card>
  )
}

type RunProps = {
  readonly workspace: string
  readonly run: RunSummary
  readonly ask: (verb: 'cancel' | 'retry') => void
}

function Run({ workspace, run, ask }: RunProps) {
  const parts = run.counts.map(({ outcome, detail, files }) => ({
    name: `${outcome} ${detail}`.trim(),
    value: files,
    tone: TONES[outcome],
  }))
  const filesOf = (counts: (one: RunCount) => boolean) =>
    run.counts.filter(counts).reduce((sum, { files }) => sum + files, 0)
  const lacking = filesOf(({ outcome }) => isNotWarmed(outcome))
  const done = filesOf(({ outcome }) => outcome !== 'pending')
  return (
    <article class="run" aria-label={`Run ${run.id}`}>
      <div class="row">
        <h3>{run.strategy}</h3>
        <span class={`state state-${run.state}`}>{run.state}</span>
        <span class="soft">
          {run.id}, asked for by {run.requestedBy || 'nobody named'} {ago(run.requestedAtMs)}
        </span>
        <span class="end">
          {run.endedAtMs === null && (
            <button type="button" onClick={() => ask('cancel')}>
              Cancel
            </button>
          )}
          {run.endedAtMs !== null && lacking > 0 && (
            <button type="button" onClick={() => ask('retry')}>
              Retry what failed
            </button>
          )}
        </span>
      </div>
      <div
        role="progressbar"
        aria-label={`Progress of ${run.id}`}
        aria-valuemin={0}
        aria-valuemax={run.files ?? 1}
        aria-valuenow={done}
      >
        <Bar parts={parts} total={run.files ?? 1} />
      </div>
      <p class="soft">
        {count(run.endedAtMs === null ? done : filesOf(({ outcome }) => isThere(outcome)))} of{' '}
        {run.files === null ? 'a plan in the making' : `${count(run.files)} files`}
        {run.endedAtMs === null ? '' : ' in the cache'}, {bytes(run.bytes)} brought in. {run.why}
      </p>
      <Keys parts={parts} />
      {lacking > 0 && <Failed path={`${pathOf(workspace)}/runs/${encodeURIComponent(run.id)}/files`} files={lacking} />}
    </article>
  )
}
