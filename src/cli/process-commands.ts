/** The processes as commands: ingest, predict, worker, gateway, and up, which is all of them. */
import { Command } from 'commander'
import { type ProcessName, runNamed } from '../compose/run.ts'
import { withOwnCheckout } from '../compose/workspace-of.ts'
import type { CommandContext } from './context.ts'

const DESCRIPTIONS: Readonly<Record<ProcessName, string>> = {
  up: 'run everything in this process, on one file; nothing else is needed',
  ingest: 'fold accesses and outcomes into the models',
  predict: 'predict reads and issue warm commands',
  warm: 'carry out warm commands',
  gateway: 'serve HTTP for analyzers in other languages',
}

const NAMES: readonly ProcessName[] = ['up', 'ingest', 'predict', 'warm', 'gateway']

/** Commands that are not called as their process: `forewarm warm` asks for a run, the process that warms is a worker. */
const COMMANDS: ReadonlyMap<ProcessName, string> = new Map([['warm', 'worker']])

export const processCommands = (context: CommandContext): readonly Command[] =>
  NAMES.map((name) =>
    new Command(COMMANDS.get(name) ?? name).description(DESCRIPTIONS[name]).action(async () => {
      const settings = context.settings()
      context.end(await runNamed(name, name === 'up' ? withOwnCheckout(settings, process.cwd()) : settings))
    }),
  )
