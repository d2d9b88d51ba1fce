/** The processes as commands: ingest, predict, warm, gateway, and up, which is all of them. */
import { Command } from 'commander'
import { type ProcessName, runNamed } from '../compose/run.ts'
import type { CommandContext } from './context.ts'

const DESCRIPTIONS: Readonly<Record<ProcessName, string>> = {
  up: 'run everything in this process, on one file; nothing else is needed',
  ingest: 'fold accesses and outcomes into the models',
  predict: 'predict reads and issue warm commands',
  warm: 'carry out warm commands',
  gateway: 'serve HTTP for analyzers in other languages',
}

const NAMES: readonly ProcessName[] = ['up', 'ingest', 'predict', 'warm', 'gateway']

export const processCommands = (context: CommandContext): readonly Command[] =>
  NAMES.map((name) =>
    new Command(name).description(DESCRIPTIONS[name]).action(async () => {
      context.end(await runNamed(name, context.settings()))
    }),
  )
