/** `forewarm warm`: asks for a run and waits for its end. */
import { randomUUID } from 'node:crypto'
import { userInfo } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { startProfile, watched } from '../compose/profile.ts'
import { type RunTools, withRuns } from '../compose/run-tools.ts'
import { type ChosenWorkspace, chooseWorkspace } from '../compose/workspace-of.ts'
import type { Settings } from '../config/schema.ts'
import type { WarmRequest } from '../warming/command.ts'
import { toWarmRequest } from '../warming/strategy/to-run-spec.ts'
import type { CommandContext } from './context.ts'
import { planText } from './runs/dry-run.ts'
import { durationMs } from './runs/figures.ts'
import { jsonOutput, plainOutput, type RunOutput, terminalOutput } from './runs/output.ts'
import { profileText } from './runs/profile-text.ts'
import { type Interrupts, runToEnd } from './runs/wait.ts'
import { strategyFor, wishFor } from './runs/wishes.ts'

export type RunsContext = CommandContext & {
  readonly interrupts: () => Interrupts
}

type Options = {
  readonly strategy?: string
  readonly workspace?: string
  readonly changedSince?: string
  readonly timeout?: number
  readonly dryRun?: true
  readonly check?: true
  readonly follow: boolean
  readonly json?: true
  readonly profile?: true | string
}

const HELP = `
PATHS are relative to the workspace: files, folders, globs, @FILE with one path a line (@- for standard input), and the
other selectors (mostAccessed:100, profile:ANALYZER, peakHour, withinHour, changed:REF, list:FILE). With some, the
strategy's own priority files are left out.

Without --strategy: \`paths\` (the named files and nothing else) where PATHS are given, \`ci\` with --changed-since, else
\`default\`. Strategies: docs/strategies.md.

An embedded deployment needs nothing running: where no \`forewarm up\` works on its file, this command does the work itself.

Exit codes: 0 complete (every file is in the cache and was verified there), 1 failed, 2 wrong arguments or settings,
3 partial (with --check: something is cold), 4 timed out, 130 cancelled by Ctrl-C.`

export function warmCommand(context: RunsContext): Command {
  return workspaceOption(new Command('warm'))
    .description('warm files of a workspace now, and wait until they are verified in the cache')
    .argument('[paths...]', 'what to warm first; else as the strategy says')
    .option('-s, --strategy <name|file>', 'a strategy of the settings, a preset, or a file of strategies (FILE#NAME)')
    .option('--changed-since <ref>', 'files that git says have changed since this branch, tag or commit')
    .option('--timeout <time>', 'time for the run to end, e.g. 60s or 5m', time)
    .option('--dry-run', 'only print the plan, each file with its reason')
    .option('--check', 'only look which files are in the cache, and say what is cold')
    .option('--no-follow', 'do not wait: print the id of the run')
    .option('--follow', 'wait for the end (the default)', true)
    .option('--json', 'as NDJSON: progress, file, ended')
    .option('--profile [file]', 'tell where the time went; with a file, also write a .cpuprofile (flame graph) there')
    .addHelpText('after', HELP)
    .action((paths: readonly string[], options: Options) => warm(context, paths, options))
}

const WORKSPACE_ELSE = 'the workspace; else the nearest folder with .git, else the current one'

export const workspaceOption = (command: Command): Command =>
  command.option('-w, --workspace <name|folder>', WORKSPACE_ELSE)

/** For commands that only look: the workspace need not be one of the settings any more. */
export const workspaceNameOption = (command: Command): Command =>
  command.option('-w, --workspace <name>', WORKSPACE_ELSE)

const TIME_MS_MAX = 8_760 * 3_600_000

function time(text: string): number {
  const timeMs = durationMs(text)
  if (timeMs === null || timeMs < 1) throw new InvalidArgumentError('a time with its unit, e.g. 60s or 5m')
  if (timeMs > TIME_MS_MAX) throw new InvalidArgumentError('at most a year: 8760h')
  return timeMs
}

async function warm(context: RunsContext, paths: readonly string[], options: Options): Promise<void> {
  const requestedAtMs = Date.now()
  const chosen = chooseWorkspace(context.settings(), options.workspace, process.cwd())
  const request = requestOf(chosen, requestedAtMs, { paths, options })
  const carryOut = (tools: RunTools) => carriedOut(context, tools, { request, options })
  const { profile } = options
  context.exit(
    profile === undefined
      ? await withRuns(chosen.settings, carryOut)
      : await profiled(context, { request, settings: chosen.settings, file: profile }, carryOut),
  )
}

type Asked = { readonly request: WarmRequest; readonly options: Options }

async function carriedOut(context: RunsContext, tools: RunTools, { request, options }: Asked): Promise<number> {
  if (options.dryRun) return dryRun(context, tools, { request, json: options.json === true })
  if (options.follow)
    return runToEnd({ tools, request, output: outputOf(context, options.json), interrupts: context.interrupts() })
  await tools.append(request)
  if (!tools.host.isThere()) context.report('forewarm: the run waits until `forewarm up` works on the file\n')
  context.write(options.json ? `${JSON.stringify({ type: 'requested', id: request.id })}\n` : `${request.id}\n`)
  return 0
}

type ProfiledRun = { readonly request: WarmRequest; readonly settings: Settings; readonly file: true | string }

/** Carries a run out and tells where its time went; what other processes do of it is theirs to tell. */
async function profiled(
  { report }: RunsContext,
  { request, settings, file }: ProfiledRun,
  carryOut: (tools: RunTools) => Promise<number>,
): Promise<number> {
  const { calls, stop } = await startProfile()
  const work = async (tools: RunTools) => {
    const code = await carryOut(tools)
    return { code, summary: await tools.runs.show(request.workspace, request.id) }
  }
  const { code, summary } = await withRuns(settings, work, (parts) => watched(parts, calls))
  const cpu = await stop()
  report(profileText({ summary, calls: calls.table(), functions: cpu.functions }))
  if (typeof file === 'string') cpu.save(file)
  return code
}

function requestOf(
  { workspace, folder, settings }: ChosenWorkspace,
  requestedAtMs: number,
  { paths, options }: { readonly paths: readonly string[]; readonly options: Options },
): WarmRequest {
  const { strategy, changedSince, timeout: timeoutMs, check = false } = options
  const given = { strategy, changedSince, timeoutMs, check, paths }
  const origin = { id: randomUUID(), workspace, revision: null, requestedAtMs, requestedBy: requester() }
  const request = toWarmRequest(strategyFor(given, settings), origin, wishFor(given, folder))
  return timeoutMs === undefined ? request : { ...request, deadlineMs: deadlineOf(timeoutMs, requestedAtMs) }
}

/** Whoever gives a command some seconds means its start too; a run has at least a part of them. */
const deadlineOf = (timeoutMs: number, nowMs: number): number =>
  Math.round(Math.max(performance.timeOrigin + timeoutMs, nowMs + timeoutMs / 2))

async function dryRun(
  { write }: RunsContext,
  { plan }: RunTools,
  { request, json }: { readonly request: WarmRequest; readonly json: boolean },
): Promise<number> {
  write(planText(await plan(request), json))
  return 0
}

/** The name under which runs are asked for: that of the user, else the command's. */
export function requester(): string {
  try {
    return userInfo().username.slice(0, 256) || 'forewarm warm'
  } catch {
    return 'forewarm warm'
  }
}

export function outputOf({ write, report, atTerminal }: RunsContext, json: true | undefined): RunOutput {
  const deps = { write, report, nowMs: () => performance.now() }
  return json ? jsonOutput(deps) : atTerminal ? terminalOutput(deps) : plainOutput(deps)
}
