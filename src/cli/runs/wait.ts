/** Asks for a run and waits for its end, showing it as it goes on. */
import type { RunTools } from '../../compose/run-tools.ts'
import { askForRun } from '../../flows/follow-run.ts'
import type { RunFile, RunSummary } from '../../ports/runs.ts'
import type { WarmRequest } from '../../warming/command.ts'
import { hasEnded } from '../../warming/run/state.ts'
import type { RunOutput, RunReport } from './output.ts'
import { exitCodeOf, isThere, RUN_EXIT_CODES } from './summary.ts'

/** A run ends itself at its deadline; so long after it whoever ends it is missing. */
const ENDED_WITHIN_MS = 2_000

/** The same of a run that was cancelled. */
const CANCELLED_WITHIN_MS = 10_000

/** Files that a report names. */
const NAMED_MAX = 20

/** Interrupts by the user: the first one calls back, the next one ends the process. */
export type Interrupts = { onFirst(callback: () => void): void }

export type Waiting = {
  readonly tools: RunTools
  readonly output: RunOutput
  readonly request: WarmRequest
  readonly interrupts: Interrupts
}

/** Resolves with the exit code once the run has ended and was reported, or is given up. */
export async function runToEnd({ tools, output, request, interrupts }: Waiting): Promise<number> {
  const { clock, host } = tools
  const cancelling = new AbortController()
  let givenUpAtMs = Math.max(clock.now(), request.deadlineMs) + ENDED_WITHIN_MS
  interrupts.onFirst(() => {
    givenUpAtMs = clock.now() + CANCELLED_WITHIN_MS
    output.note('cancelling; interrupt once more to leave at once')
    cancelling.abort()
  })
  const asked = { ...tools, ensure: () => host.ensure() }
  const asking = { cancelling: cancelling.signal, begunByMs: givenUpAtMs }
  for await (const summary of askForRun(asked, request, asking)) {
    const cancelled = cancelling.signal.aborted
    const hasRunEnded = summary !== null && hasEnded(summary.state)
    if (hasRunEnded || (summary !== null && clock.now() > givenUpAtMs)) {
      output.ended(await reportOf(tools, summary))
      if (hasRunEnded) return exitCodeOf(summary, request.spec?.check === true)
      output.note('the run goes on after its time: are `forewarm predict`, `worker` and `ingest` running?')
      return cancelled ? RUN_EXIT_CODES.cancelled : RUN_EXIT_CODES.timedOut
    }
    if (cancelled && summary === null && clock.now() > givenUpAtMs) return RUN_EXIT_CODES.cancelled
    output.progress(summary)
  }
  throw new Error('a run that was followed to its end has none')
}

/** The summary with the files that are not in the cache, and how right predictions were of late, or in all. */
export async function reportOf(
  { runs, models }: Pick<RunTools, 'runs' | 'models'>,
  summary: RunSummary,
  namedMax = NAMED_MAX,
): Promise<RunReport> {
  const notThere: RunFile[] = []
  let more = 0
  if (summary.counts.some((one) => !isThere(one))) {
    for await (const chunk of runs.files(summary.workspace, summary.id)) {
      const cold = chunk.filter((file) => !isThere(file) && file.outcome !== 'forgotten')
      const room = namedMax - notThere.length
      notThere.push(...cold.slice(0, room))
      more += Math.max(0, cold.length - room)
    }
  }
  const { accuracy = null, recent = null } = (await models.learned(summary.workspace))?.proof ?? {}
  return { summary, accuracy: recent?.accuracy ?? accuracy, notThere, more }
}
