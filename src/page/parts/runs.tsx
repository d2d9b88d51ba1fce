import { useState } from 'preact/hooks'
import type { RunFile, RunSummary } from '../../ports/runs.ts'
import { get, pathOf, post } from '../gateway.ts'
import { bytes, clock, count } from '../words.ts'
import { Card } from './card.tsx'

const BAD = new Set(['failed', 'missing', 'denied', 'skipped', 'cold'])

/** Runs with their progress, and what failed in one. */
export function Runs({ workspace, runs }: { readonly workspace: string; readonly runs: readonly RunSummary[] }) {
  const [answer, setAnswer] = useState('')
  const ask = (run: string, verb: 'cancel' | 'retry') =>
    post(`${pathOf(workspace)}/runs/${encodeURIComponent(run)}/${verb}`).then(
      () => setAnswer(`Asked to ${verb} ${run}.`),
      (cause) => setAnswer(String(cause.message)),
    )
  return (
    <Card wide title="Runs" note="Warming that somebody asked for, file by file.">
      {runs.length === 0 && (
        <p class="empty">
          No run is kept. Ask for one with <code>forewarm warm</code>.
        </p>
      )}
      <p role="status">{answer}</p>
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
  const pending = run.counts.filter(({ outcome }) => outcome === 'pending').reduce((sum, { files }) => sum + files, 0)
  const bad = run.counts.filter(({ outcome }) => BAD.has(outcome)).reduce((sum, { files }) => sum + files, 0)
  const done = run.files === null ? 0 : run.files - pending
  return (
    <article class="run">
      <h3>
        {run.strategy}{' '}
        <span class="soft">
          {run.id}, asked for by {run.requestedBy || 'nobody named'} at {clock(run.requestedAtMs)}
        </span>
      </h3>
      <progress aria-label={`Progress of ${run.id}`} max={run.files ?? 1} value={done} />
      <p class="soft">
        <b>{run.state}</b> {run.why} {count(done)} of {run.files === null ? 'a plan in the making' : count(run.files)}{' '}
        files, {bytes(run.bytes)}:{' '}
        {run.counts.map(({ outcome, detail, files }) => `${files} ${outcome} ${detail}`.trim()).join(', ')}
      </p>
      {run.endedAtMs === null && (
        <button type="button" onClick={() => ask('cancel')}>
          Cancel
        </button>
      )}
      {run.endedAtMs !== null && bad > 0 && (
        <button type="button" onClick={() => ask('retry')}>
          Retry what failed
        </button>
      )}
      {bad > 0 && (
        <Failed path={`${pathOf(workspace)}/runs/${encodeURIComponent(run.id)}/files?from=0&max=1000`} files={bad} />
      )}
    </article>
  )
}

function Failed({ path, files }: { readonly path: string; readonly files: number }) {
  const [failed, setFailed] = useState<readonly RunFile[] | null>(null)
  const load = () =>
    get<{ files: readonly RunFile[] }>(path).then((page) =>
      setFailed(page.files.filter(({ outcome }) => BAD.has(outcome))),
    )
  return (
    <details onToggle={(event) => event.currentTarget.open && load()}>
      <summary>{count(files)} files were not warmed</summary>
      <ul class="list">
        {failed?.map((file) => (
          <li key={`${file.path} ${file.layer}`}>
            <code>{file.path}</code>
            <span class="soft">
              {file.outcome} {file.detail}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
