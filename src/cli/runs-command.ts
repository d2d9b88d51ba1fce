/** `forewarm runs`: the runs that are kept, one in full, and ending or taking up one. */
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { accuracyTargetOf } from '../compose/ingest.ts'
import { type RunTools, withRuns } from '../compose/run-tools.ts'
import { type ChosenWorkspace, chooseWorkspace } from '../compose/workspace-of.ts'
import { needStrategy } from '../config/strategies.ts'
import { cancelOf, retryOf } from '../flows/run-requests.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { RunSummary } from '../ports/runs.ts'
import { hasEnded } from '../warming/run/state.ts'
import { NO_WISH, toWarmRequest } from '../warming/strategy/to-run-spec.ts'
import { printable } from './printable.ts'
import { statisticsOf, statisticsText } from './runs/statistics.ts'
import { fileLine, lineOf, reportText, summaryJson } from './runs/summary.ts'
import { reportOf, runToEnd } from './runs/wait.ts'
import { outputOf, type RunsContext, requester, workspaceOption } from './warm-command.ts'

type Options = { readonly workspace?: string; readonly json?: true; readonly follow?: boolean }
type Work = (tools: RunTools, chosen: ChosenWorkspace) => Promise<void>

export function runsCommand(context: RunsContext): Command {
  const command = new Command('runs').description('runs of warming: what they did, ending one, taking up what failed')
  part(command, 'list', 'the runs that are kept, the latest first').action((options: Options) => list(context, options))
  part(command, 'show', 'one run, with the files that are not in the cache')
    .argument('<run>', 'id of the run')
    .action((id: string, options: Options) => show(context, id, options))
  part(command, 'stats', 'what warming has come to: files and time a run, misses prevented, accuracy').action(
    (options: Options) => stats(context, options),
  )
  part(command, 'cancel', 'end a run; what it has warmed stays')
    .argument('<run>', 'id of the run')
    .action((id: string, options: Options) => cancel(context, id, options))
  part(command, 'retry', 'warm what failed in a run, in a new one; exit codes as of `forewarm warm`')
    .argument('<run>', 'id of the run')
    .option('--no-follow', 'do not wait: print the id of the new run')
    .action((id: string, options: Options) => retry(context, id, options))
  return command
}

const part = (parent: Command, name: string, description: string): Command =>
  workspaceOption(parent.command(name).description(description)).option('--json', 'as JSON')

const inWorkspace = (context: RunsContext, { workspace }: Options, work: Work): Promise<void> => {
  const chosen = chooseWorkspace(context.settings(), workspace, process.cwd())
  return withRuns(chosen.settings, (tools) => work(tools, chosen))
}

const list = (context: RunsContext, options: Options): Promise<void> =>
  inWorkspace(context, options, async ({ runs }, { workspace }) => {
    const found = await runs.list(workspace)
    const text = found.map((run) => (options.json ? `${JSON.stringify(summaryJson(run))}\n` : lineOf(run)))
    context.write(text.length === 0 && !options.json ? `no runs of ${printable(workspace)}\n` : text.join(''))
  })

const show = (context: RunsContext, id: string, options: Options): Promise<void> =>
  inWorkspace(context, options, async (tools, { workspace }) => {
    const summary = await needRun(tools, workspace, id)
    const { accuracy, notThere } = await reportOf(tools, summary, Number.POSITIVE_INFINITY)
    context.write(
      options.json
        ? `${JSON.stringify({ ...summaryJson(summary), accuracy, notThere })}\n`
        : `${reportText(summary, accuracy)}${notThere.map(fileLine).join('')}`,
    )
  })

const stats = (context: RunsContext, options: Options): Promise<void> =>
  inWorkspace(context, options, async ({ runs, models }, { workspace, settings }) => {
    const [kept, learned] = await Promise.all([runs.list(workspace), models.learned(workspace)])
    const accuracyTarget = accuracyTargetOf(settings)(workspace)
    const told = statisticsOf({ workspace, runs: kept, learned, accuracyTarget })
    context.write(options.json ? `${JSON.stringify(told)}\n` : statisticsText(told))
  })

const cancel = (context: RunsContext, id: string, options: Options): Promise<void> =>
  inWorkspace(context, options, async (tools, { workspace }) => {
    const { state } = await needRun(tools, workspace, id)
    const isOver = hasEnded(state)
    if (!isOver) await tools.append(cancelOf({ workspace, id }, { by: requester(), atMs: tools.clock.now() }))
    if (!isOver && !tools.host.isThere())
      context.report('forewarm: it ends once `forewarm up`, or another run, works on the file\n')
    const text = isOver ? `the run has ended already: ${state}\n` : 'cancelling: what is in flight still ends\n'
    context.write(options.json ? `${JSON.stringify({ id, state, cancelling: !isOver })}\n` : text)
  })

const retry = (context: RunsContext, id: string, options: Options): Promise<void> =>
  inWorkspace(context, options, async (tools, { workspace, settings }) => {
    const former = await needRun(tools, workspace, id)
    const strategy = retryOf(former, (name) => needStrategy(settings, name, availableParallelism()))
    const origin = {
      id: randomUUID(),
      workspace,
      revision: null,
      requestedAtMs: tools.clock.now(),
      requestedBy: requester(),
    }
    const request = toWarmRequest(strategy, origin, { ...NO_WISH, retryOf: id })
    if (options.follow !== false) {
      const output = outputOf(context, options.json)
      context.exit(await runToEnd({ tools, request, output, interrupts: context.interrupts() }))
      return
    }
    await tools.append(request)
    context.write(options.json ? `${JSON.stringify({ type: 'requested', id: request.id })}\n` : `${request.id}\n`)
  })

async function needRun({ runs }: RunTools, workspace: string, id: string): Promise<RunSummary> {
  const found = await runs.show(workspace, id)
  if (found !== null) return found
  throw new ForewarmError('FW_RUN_UNKNOWN', `${workspace} has no run ${JSON.stringify(id)}, or it is no longer kept`)
}
