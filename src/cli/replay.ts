/** `forewarm replay`: plays a recorded trace through the product's own fold and predictor, and judges every warm. */
import { appendFile, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { writeDecisions } from '../adapters/trace/decisions-file.ts'
import { readGraphFiles } from '../adapters/trace/graph-file.ts'
import { readTrace } from '../adapters/trace/trace-rows.ts'
import {
  openReplay,
  PRODUCT_POLICY,
  REPLAY_PREDICTORS,
  type ReplayPredictor,
  type ReplayWish,
} from '../compose/replay.ts'
import { type AfterRow, replayTrace } from '../flows/replay/player.ts'
import { EVIDENCE, type Evidence } from '../model/prediction/candidates.ts'
import type { Aggressiveness, PredictorGraph } from '../model/prediction/predictor.ts'
import { HORIZON, NextFiles } from '../model/replay/next-files.ts'
import { type ReplayReport, reportOf } from '../model/replay/report.ts'
import type { ReplayRun } from '../model/replay/run.ts'
import { capacityOf, distinctFilesOf, type Trace } from '../model/replay/trace.ts'
import { ForewarmError } from '../ports/errors.ts'
import { reportHtml } from './replay-html.ts'
import { reportText } from './replay-text.ts'
import { LINE_START, type Terminal } from './terminal.ts'

export type ReplayContext = Pick<Terminal, 'write' | 'report' | 'atTerminal'>

type Flags = {
  readonly graph: readonly string[]
  readonly capacity: string
  readonly latency: number
  readonly predictor: ReplayPredictor
  readonly aggressiveness: Aggressiveness
  readonly without: readonly Evidence[]
  readonly decisions?: string
  readonly html?: string
  readonly next20?: boolean
  readonly json?: boolean
}

const EXAMPLES = `
The trace is CSV, or CSV.gz, with the columns time_ms,workspace,session,path, sorted by time; a session whose id ends in
:NAME is one of the analyzer NAME. Nothing is known beforehand but the graph files, and nothing sees a row before its turn.

Examples:
  forewarm replay fleet.csv.gz                                     the default: a cache of a tenth of the files
  forewarm replay fleet.csv.gz --graph graph/*.csv.gz --latency 50 warms take 50 ms
  forewarm replay fleet.csv.gz --predictor manual                  the rules of the manual instead
  forewarm replay fleet.csv.gz --html report.html --next20         a page to look at
  forewarm replay fleet.csv.gz --decisions warms.csv.gz --json     for another judge, and for scripts`

export function replayCommand(context: ReplayContext): Command {
  return new Command('replay')
    .description(
      'play a recorded access trace through the fold and the predictor, strictly in order, and judge each warm',
    )
    .argument('<trace>', 'the trace file, sorted by time')
    .addOption(
      new Option(
        '--graph <files...>',
        'files and import edges known beforehand: rows T,workspace,path and E,workspace,from,to',
      ).default([], 'none'),
    )
    .option('--capacity <size>', 'files that the cache holds: a number, or a share of the distinct files', '10%')
    .option('--latency <ms>', 'milliseconds from a decision to the warmed entry', milliseconds, 0)
    .addOption(
      new Option('--predictor <name>', 'who decides; none: plain LRU').choices(REPLAY_PREDICTORS).default('learned'),
    )
    .addOption(
      new Option('--aggressiveness <level>', 'how much a wasted warm may cost')
        .choices(['low', 'medium', 'high'])
        .default('medium'),
    )
    .addOption(
      new Option('--without <evidence...>', 'kinds of evidence that learned does without, to see what they are worth')
        .choices(EVIDENCE)
        .default([], 'none'),
    )
    .option('--decisions <file>', 'write every warm as after_row,at_ms,workspace,path (CSV or CSV.gz)')
    .option('--next20', 'measure the ranked lists against the next 20 files of the session (slower)')
    .option('--html <file>', 'write one self-contained page with plots')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EXAMPLES)
    .action((file: string, flags: Flags) => runReplay(context, file, flags))
}

async function runReplay(context: ReplayContext, file: string, flags: Flags): Promise<void> {
  await claimOutputs([flags.decisions, flags.html], [file, ...flags.graph])
  const trace = await readTrace(file)
  const options = { ...flags, capacityFiles: filesOf(flags.capacity, trace), latencyMs: flags.latency }
  const graphs = await graphsOf(context, trace, flags.graph)
  const progress = progressOf(context, trace.file.length)
  const { run, report } = await playTrace(trace, graphs, { ...options, progress })
  if (flags.decisions !== undefined) await writing(flags.decisions, (path) => writeDecisions(path, run.decisions))
  if (flags.html !== undefined) {
    const page = reportHtml(`Replay of ${basename(file)}`, { ...options, report })
    await writing(flags.html, (path) => writeFile(path, page))
  }
  context.write(`${flags.json ? JSON.stringify(report) : reportText(report)}\n`)
}

export type PlayOptions = Omit<ReplayWish, 'graphs'> & {
  readonly next20?: boolean
  /** Told after each row. */
  readonly progress?: (row: number) => void
}

/** Replays a trace that is at hand and sums it up. */
export async function playTrace(
  trace: Trace,
  graphs: ReadonlyMap<string, PredictorGraph>,
  options: PlayOptions,
): Promise<{ run: ReplayRun; report: ReplayReport }> {
  const { parts, settings, reader } = openReplay({ ...options, graphs })
  const next = options.next20 === true && parts.source.rank !== undefined ? new NextFiles(trace) : null
  const measure: AfterRow = async (row) => {
    options.progress?.(row)
    const session = trace.sessions[trace.session[row] ?? 0]
    if (next === null || session === undefined || !next.counts(row)) return
    next.count(row, (await parts.source.rank?.({ workspace: session.workspace, session: session.id }, HORIZON)) ?? [])
  }
  const run = await replayTrace(trace, { ...parts, afterRow: measure }, settings)
  const workspaces = new Set(trace.sessions.map(({ workspace }) => workspace))
  const learned = await Promise.all([...workspaces].map((workspace) => reader.learned(workspace)))
  const proofs = learned.filter((one) => one !== null).map(({ proof }) => proof)
  const report = reportOf(trace, run, { ...settings, policy: PRODUCT_POLICY, proofs })
  return { run, report: next === null ? report : { ...report, next20: next.figures() } }
}

function filesOf(capacity: string, trace: Trace): number {
  const files = capacityOf(capacity, distinctFilesOf(trace))
  if (!Number.isNaN(files)) return files
  const mend = 'give a number of files from 1 on (500), or a share of the distinct files (10%)'
  throw new ForewarmError('FW_REQUEST_INVALID', `--capacity ${capacity} is no size of a cache: ${mend}`)
}

/** Graphs of workspaces that the trace reads; others are no use, and none at all is a mistake. */
async function graphsOf(
  context: ReplayContext,
  trace: Trace,
  files: readonly string[],
): Promise<ReadonlyMap<string, PredictorGraph>> {
  const graphs = await readGraphFiles(files)
  const read = new Set(trace.sessions.map(({ workspace }) => workspace))
  const unknown = [...graphs.keys()].filter((workspace) => !read.has(workspace))
  if (unknown.length === 0) return graphs
  const problem = `the trace reads no workspace ${unknown.join(', ')}; it reads ${[...read].join(', ')}`
  if (unknown.length === graphs.size) {
    const mend = 'name the graph files of these workspaces, or none'
    throw new ForewarmError('FW_REQUEST_INVALID', `--graph is of no use: ${problem}: ${mend}`)
  }
  context.report(`forewarm: some graphs are not used: ${problem}\n`)
  return graphs
}

/** Before a replay of minutes, not after it: files that cannot be written, and those that it would write over. */
async function claimOutputs(outputs: readonly (string | undefined)[], inputs: readonly string[]): Promise<void> {
  const taken = inputs.map((input) => resolve(input))
  for (const output of outputs) {
    if (output === undefined) continue
    if (taken.includes(resolve(output))) {
      throw new ForewarmError(
        'FW_REQUEST_INVALID',
        `${output} would be written over: name another file for what comes out`,
      )
    }
    taken.push(resolve(output))
    await writing(output, (path) => appendFile(path, ''))
  }
}

async function writing(file: string, write: (file: string) => Promise<void>): Promise<void> {
  try {
    await write(file)
  } catch (cause) {
    const mend = 'name a file in a folder that can be written'
    throw new ForewarmError('FW_REQUEST_INVALID', `${file} cannot be written: ${mend}`, { cause })
  }
}

/** Time between two looks at the progress, milliseconds. */
const PROGRESS_MS = 250
const ROWS_PER_LOOK = 256

function progressOf({ atTerminal, report }: ReplayContext, rows: number): (row: number) => void {
  if (!atTerminal) return () => {}
  const startMs = performance.now()
  let toldMs = startMs
  return (row) => {
    const done = row + 1
    if (done === rows) return report(LINE_START)
    if (row % ROWS_PER_LOOK !== 0) return
    const nowMs = performance.now()
    if (nowMs - toldMs < PROGRESS_MS) return
    toldMs = nowMs
    const perSecond = (1_000 * done) / (nowMs - startMs)
    const leftSeconds = Math.ceil((rows - done) / perSecond)
    const share = Math.floor((100 * done) / rows)
    report(`${LINE_START}${share} % of ${rows} reads, ${Math.round(perSecond)} a second, ${leftSeconds} s left`)
  }
}

function milliseconds(text: string): number {
  const ms = Number(text)
  if (text === '' || !Number.isFinite(ms) || ms < 0)
    throw new InvalidArgumentError('It must be a number of milliseconds, 0 or more.')
  return ms
}
