/** What the runnable files in consumers/ and producers/ do: one process, with `--config` as its only option. */
import '../adapters/system/without-proto.ts'
import { argv } from 'node:process'
import { Command } from 'commander'
import { type ProcessName, runNamed } from '../compose/run.ts'
import { loadSettings } from '../config/load.ts'
import { invoke } from './invoke.ts'
import { PROCESS_JSON } from './process-commands.ts'
import { ownTerminal } from './terminal.ts'

/** Runs the process to its end and exits with its code. */
export async function runProcessFile(name: ProcessName): Promise<void> {
  const command = new Command(name)
    .option('-c, --config <file>', 'settings file (YAML)')
    .option('--json', PROCESS_JSON)
    .action(async ({ config }: { config?: string }) => ownTerminal.end(await runNamed(name, loadSettings(config))))
  await invoke(command, argv.slice(2), { ...ownTerminal, exit: ownTerminal.end })
}
