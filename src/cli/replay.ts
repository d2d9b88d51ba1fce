import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { writeDecisions } from '../adapters/trace/decisions-file.ts'
import { readGraphFiles, readTraceFile } from '../adapters/trace/trace-file.ts'
import type { Aggressiveness, PredictorGraph, PredictorOptions } from '../model/prediction/predictor.ts'
import { learnedFleet, manualFleet, NO_FLEET } from '../model/replay/fleets.ts'
import { NextFiles } from '../model/replay/next-files.ts'
import { type Fleet, type ReplayRun, replay } from '../model/replay/replay.ts'
import { type ReplayReport, reportOf } from '../model/replay/report.ts'
import { capacityOf, distinctFilesOf, type Trace } from '../model/replay/trace.ts'
import { reportHtml } from './replay-html.ts'
import { reportText } from './replay-text.ts'

type Flags = {
  readonly graph: readonly string[]
  readonly capacity: string
  readonly latency: number
  readonly predictor: 'learned' | 'manual' | 'none'
  readonly aggressiveness: Aggressiveness
  readonly decisions?: string
  readonly html?: string
  readonly next20?: boolean
  readonly json?: boolean
}

/** `forewarm replay`: plays a recorded trace through a predictor and says what it would have been worth. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('play a recorded access trace through a predictor, strictly in order, and judge every warm')
    .argument('<trace>', 'CSV or CSV.gz with the columns time_ms,workspace,session,path')
    .option('--graph <files...>', 'files and import edges known beforehand (CSV or CSV.gz)', [])
    .option('--capacity <size>', 'files the cache holds: a number, or a share of the distinct files', '10%')
    .option('--latency <ms>', 'milliseconds from a decision to the warmed entry', milliseconds, 0)
    .addOption(new Option('--predictor <name>').choices(['learned', 'manual', 'none']).default('learned'))
    .addOption(new Option('--aggressiveness <level>').choices(['low', 'medium', 'high']).default('medium'))
    .option('--decisions <file>', 'write every warm as after_row,at_ms,workspace,path (CSV or CSV.gz)')
    .option('--next20', 'measure the ranked lists against the next 20 files of the session (slower)')
    .option('--html <file>', 'write one self-contained page with plots')
    .option('--json', 'print the report as JSON')
    .action(runReplay)
}

async function runReplay(file: string, flags: Flags): Promise<void> {
  const trace = await readTraceFile(file)
  const capacityFiles = capacityOf(flags.capacity, distinctFilesOf(trace))
  if (Number.isNaN(capacityFiles)) {
    throw new InvalidArgumentError(`--capacity ${flags.capacity}: neither a percentage nor a positive number of files`)
  }
  const graphs = await readGraphFiles(flags.graph)
  const { run, report } = playTrace(trace, graphs, { ...flags, capacityFiles, latencyMs: flags.latency })
  if (flags.decisions !== undefined) await writeDecisions(flags.decisions, trace, run)
  if (flags.html !== undefined) await writeFile(flags.html, reportHtml(`Replay of ${basename(file)}`, report))
  process.stdout.write(`${flags.json ? JSON.stringify(report) : reportText(report)}\n`)
}

export type PlayOptions = PredictorOptions & { readonly predictor: Flags['predictor']; readonly next20?: boolean }

/** Replays a trace that is at hand and sums it up. */
export function playTrace(
  trace: Trace,
  graphs: ReadonlyMap<string, PredictorGraph>,
  options: PlayOptions,
): { run: ReplayRun; report: ReplayReport } {
  const bounds = { capacityFiles: options.capacityFiles, latencyMs: options.latencyMs }
  if (options.predictor !== 'learned' || !options.next20) {
    const run = replay(trace, fleetOf(options, graphs), bounds)
    return { run, report: reportOf(trace, run, bounds) }
  }
  const fleet = learnedFleet(options, graphs)
  const next = new NextFiles(trace, (workspace, session, count) => fleet.get(workspace)?.rank(session, count) ?? [])
  const run = replay(trace, fleet, bounds, { afterRow: (row) => next.measure(row) })
  return { run, report: { ...reportOf(trace, run, bounds), next20: next.figures() } }
}

function fleetOf(options: PlayOptions, graphs: ReadonlyMap<string, PredictorGraph>): Fleet {
  if (options.predictor === 'learned') return learnedFleet(options, graphs)
  return options.predictor === 'manual' ? manualFleet() : NO_FLEET
}

function milliseconds(text: string): number {
  const ms = Number(text)
  if (text === '' || !Number.isFinite(ms) || ms < 0) throw new InvalidArgumentError('not a number of milliseconds')
  return ms
}

if (import.meta.main) await replayCommand().parseAsync()
