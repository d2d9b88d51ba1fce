/** `forewarm publish TRACE`: replays a trace file into the log. */
import { randomUUID } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { readTraceRows } from '../adapters/trace/trace-rows.ts'
import { type ReplayOptions, type ReplayStats, replayTrace } from '../sdk/replay-trace.ts'
import type { ConnectLog } from './log-connection.ts'
import { counted } from './runs/figures.ts'
import type { Terminal } from './terminal.ts'

export type PublishContext = {
  readonly connect: ConnectLog
  /** Aborted when the command is to stop; what was sent until then stays sent. */
  readonly signal: AbortSignal
} & Pick<Terminal, 'write' | 'report'>

type Options = {
  readonly speed: number | 'max'
  readonly workspace?: string
  readonly keepTimes?: true
  readonly quiet?: true
  readonly json?: true
}

/** Time between two lines of progress, milliseconds. */
const PROGRESS_MS = 1_000

export function publishCommand(context: PublishContext): Command {
  return new Command('publish')
    .description('replay a trace file (time_ms,workspace,session,path; CSV or .gz) into the log')
    .argument('<trace>', 'the trace file, sorted by time')
    .option(
      '--speed <factor>',
      "1 for the trace's own pace, 10 for ten times as fast, max for full speed",
      parseSpeed,
      1,
    )
    .option('--workspace <name>', "publish everything under this workspace instead of the trace's own")
    .option('--keep-times', "keep the trace's times; else they are moved to now")
    .option('--quiet', 'no progress')
    .option('--json', 'no progress; what was published as one JSON object')
    .action((trace: string, options: Options) => publish(context, trace, options))
}

function parseSpeed(text: string): number | 'max' {
  if (text === 'max') return 'max'
  const speed = Number(text)
  if (Number.isFinite(speed) && speed > 0) return speed
  throw new InvalidArgumentError("a number above 0, or 'max'")
}

async function publish(context: PublishContext, trace: string, options: Options): Promise<void> {
  const { log, codec, clock, shards, close } = await context.connect()
  let toldMs = Number.NEGATIVE_INFINITY
  const progress: ReplayOptions['progress'] = (state) => {
    if (options.quiet || options.json || clock.monotonicMs() - toldMs < PROGRESS_MS) return
    toldMs = clock.monotonicMs()
    const share = Math.floor((100 * (state.published + state.skipped)) / Math.max(1, state.rowsAll))
    context.report(`forewarm: ${share} % of ${state.rowsAll} reads\n`)
  }
  const { signal } = context
  const { speed, workspace, keepTimes = false } = options
  const rows = () => readTraceRows(trace)
  try {
    const stats = await replayTrace(
      { log, codec, clock, newId: randomUUID },
      { rows, speed, workspace, keepTimes, shards, signal, progress },
    )
    if (options.json) context.write(`${JSON.stringify(stats)}\n`)
    else context.report(summary(stats))
  } finally {
    await close()
  }
}

function summary({ published, records, sessions, skipped }: ReplayStats): string {
  const left = skipped === 0 ? '' : `; ${skipped} left out: their names break a limit of schemas/README.md`
  return `forewarm: ${counted(published, 'read')} of ${counted(sessions, 'session')} published in ${counted(records, 'record')}${left}\n`
}
