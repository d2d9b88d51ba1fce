/** `forewarm record -- COMMAND…`: runs a command and records which files of the workspace it reads. */
import { randomUUID } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { type CommandEnd, canStrace, type RecordMethod, runRecorded } from '../adapters/recorder/run-recorded.ts'
import { createWorkspaceFiles } from '../adapters/recorder/workspace-files.ts'
import { createTraceWriter } from '../adapters/trace/trace-rows.ts'
import { isFolder, workspaceRoot } from '../compose/workspace-of.ts'
import { ForewarmError } from '../ports/errors.ts'
import { createAccessPublisher } from '../sdk/access-publisher.ts'
import type { SessionName } from '../sdk/session-batches.ts'
import { analyzerName } from './analyzer-name.ts'
import type { ConnectLog } from './log-connection.ts'
import { counted } from './runs/figures.ts'

export type RecordContext = {
  readonly connect: ConnectLog
  /** The configured workspace of a folder, or null; asked for only without `--workspace`. */
  readonly workspaceAt: (folder: string) => string | null
  /** The environment that the command gets. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly atTerminal: boolean
  /** For the recorder's own words: standard error, so that the command's output stays its own. */
  readonly report: (text: string) => unknown
  /** Ends this process as the command ended. */
  readonly end: (end: { readonly code: number; readonly signal: NodeJS.Signals | null }) => void
}

type Options = {
  readonly out?: string
  readonly root?: string
  readonly workspace?: string
  readonly session?: string
  readonly analyzer?: string
  readonly revision?: string
  readonly method?: RecordMethod
  readonly summary?: true
  readonly json?: true
}

/** Takes what was read; `close` resolves with how much of it has arrived, and one sentence on where. */
type Sink = {
  write(path: string, timeMs: number): Promise<void> | void
  close(): Promise<{ readonly kept: number; readonly where: string }>
}

const CLOSE_DEADLINE_MS = 5_000

export function recordCommand(context: RecordContext): Command {
  return new Command('record')
    .description('run a command and record which files of the workspace it reads')
    .usage('[options] -- COMMAND…')
    .argument('<command...>', 'the command and its arguments, after --')
    .option('-o, --out <file>', 'write a trace file (CSV, gzipped when it ends in .gz) instead of publishing')
    .option('--root <folder>', 'the workspace; the nearest folder with .git, else the current one')
    .option('--workspace <name>', "the workspace's name; else that of the settings for its folder, else the folder's")
    .option('--session <id>', 'id of the session; else workspace, a random part and the analyzer')
    .option('--analyzer <name>', "name of the analyzer; else the command's")
    .option('--revision <id>', 'revision that the command works on')
    .addOption(new Option('--method <way>', 'how to watch; strace where it works').choices(['strace', 'node']))
    .option('--summary', 'say at the end, on standard error, what was recorded')
    .option('--json', "the summary as one JSON object: standard output stays the command's")
    .action((command: readonly string[], options: Options) => record(context, command, options))
}

async function record(context: RecordContext, command: readonly string[], options: Options): Promise<void> {
  const root = existingRoot(options.root ?? workspaceRoot(process.cwd()))
  const workspace = options.workspace ?? context.workspaceAt(root) ?? basename(root)
  const [name = '', ...args] = command
  const session = sessionOf(workspace, analyzerName(command), options)
  const nameOf = createWorkspaceFiles(root)
  const method = options.method ?? ((await canStrace()) ? 'strace' : 'node')
  const sink = await openSink(context, { out: options.out, workspace, session })
  const distinct = new Set<string>()
  let reads = 0
  const end = await runRecorded(method, {
    command: name,
    args,
    environment: context.environment,
    atTerminal: context.atTerminal,
    onOpen: ({ path, timeMs }) => {
      const named = nameOf(path)
      if (named === null) return
      reads += 1
      distinct.add(named)
      return sink.write(named, timeMs)
    },
  })
  const { kept, where } = await sink.close()
  const found = { workspace, ...session, method, reads, files: distinct.size, kept, out: options.out ?? null }
  if (options.json) context.report(`${JSON.stringify(found)}\n`)
  else if (options.summary)
    context.report(`forewarm: ${counted(reads, 'read')} of ${counted(found.files, 'file')} by ${method}; ${where}\n`)
  if (!end.observed) context.report(`forewarm: nothing was seen of the command: ${mend(method)}\n`)
  else if (reads === 0) context.report(`forewarm: no file below ${root} was read: --root names another workspace\n`)
  context.end(end)
}

function existingRoot(folder: string): string {
  const root = resolve(folder)
  if (isFolder(root)) return root
  throw new ForewarmError('FW_REQUEST_INVALID', `there is no folder ${root}: name that of the workspace as --root`)
}

const mend = (method: RecordMethod): string =>
  method === 'node' ? 'without strace only Node programs can be recorded; install strace' : 'strace could not run it'

function sessionOf(workspace: string, name: string, options: Options): SessionName {
  const analyzer = options.analyzer ?? name
  const session = options.session ?? `${workspace}:${randomUUID().slice(0, 8)}:${analyzer}`
  return { session, analyzer, revision: options.revision ?? null }
}

type SinkTarget = { readonly out: string | undefined; readonly workspace: string; readonly session: SessionName }

const openSink = (context: RecordContext, { out, workspace, session }: SinkTarget): Promise<Sink> =>
  out === undefined ? publishingSink(context, workspace, session) : fileSink(out, workspace, session)

async function fileSink(out: string, workspace: string, { session }: SessionName): Promise<Sink> {
  const writer = await createTraceWriter(out)
  let kept = 0
  let left = 0
  return {
    async write(path, timeMs) {
      if (await writer.write({ timeMs, workspace, session, path })) kept += 1
      else left += 1
    },
    async close() {
      await writer.close()
      const but = left === 0 ? '' : ` but for ${left} whose names hold a line break`
      return { kept, where: `written to ${out}${but}` }
    },
  }
}

async function publishingSink(context: RecordContext, workspace: string, session: SessionName): Promise<Sink> {
  const { close, shards, ...deps } = await context.connect()
  const publisher = createAccessPublisher({ ...deps, newId: randomUUID, random: Math.random }, { workspace, shards })
  return {
    write: (path, timeMs) => publisher.record(session, { path, timeMs }),
    async close() {
      publisher.endSession(session.session)
      await publisher.close(CLOSE_DEADLINE_MS)
      await close()
      const { recorded, published } = publisher.stats()
      if (published === recorded) return { kept: published, where: `${published} published` }
      const lost = `${recorded - published} of ${recorded} reads were not published: is the log there?`
      context.report(`forewarm: ${lost}\n`)
      return { kept: published, where: lost }
    },
  }
}

/** Ends this process the way the command ended: by the same signal, else with the same code. */
export function endLike({ code, signal }: Pick<CommandEnd, 'code' | 'signal'>): void {
  process.exitCode = code
  if (signal !== null) process.kill(process.pid, signal)
}
