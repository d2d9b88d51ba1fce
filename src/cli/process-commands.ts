/** The processes as commands: ingest, predict, worker, gateway, and up, which is all of them. */
import { Command } from 'commander'
import { type ProcessName, runNamed } from '../compose/run.ts'
import { withOwnCheckout } from '../compose/workspace-of.ts'
import type { CommandContext } from './context.ts'
import { textOfLine } from './log-lines.ts'

const DESCRIPTIONS: Readonly<Record<ProcessName, string>> = {
  up: 'run everything in this process, on one file; nothing else is needed',
  ingest: 'fold accesses and outcomes into the models',
  predict: 'predict reads and issue warm commands',
  warm: 'carry out warm commands',
  gateway: 'serve HTTP for analyzers in other languages',
}

/** Log lines are JSON, but for a person who looks at them. */
export const PROCESS_JSON = 'log lines at a terminal too, and what is wrong before its log begins, as JSON'

const NAMES: readonly ProcessName[] = ['up', 'ingest', 'predict', 'warm', 'gateway']

/** Commands that are not called as their process: `forewarm warm` asks for a run, the process that warms is a worker. */
const COMMANDS: ReadonlyMap<ProcessName, string> = new Map([['warm', 'worker']])

export const processCommands = (context: CommandContext): readonly Command[] =>
  NAMES.map((name) =>
    new Command(COMMANDS.get(name) ?? name)
      .description(DESCRIPTIONS[name])
      .option('--json', PROCESS_JSON)
      .action(async ({ json }: { json?: true }) => {
        const given = context.settings()
        const settings = name === 'up' ? withOwnCheckout(given, process.cwd()) : given
        const asText = { write: (line: string) => context.report(textOfLine(line)) }
        context.end(await runNamed(name, settings, context.atTerminal && !json ? asText : undefined))
      }),
  )
