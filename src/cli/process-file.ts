/** What the runnable files in consumers/ and producers/ do: one process, with `--config` as its only option. */
import { Command } from 'commander'
import { type ProcessName, runNamed } from '../compose/run.ts'
import { loadSettings } from '../config/load.ts'
import { reportFailure } from './failure.ts'

/** Runs the process to its end and exits with its code. */
export async function runProcessFile(name: ProcessName): Promise<never> {
  try {
    const command = new Command(name).option('-c, --config <file>', 'settings file (YAML)').exitOverride().parse()
    process.exit(await runNamed(name, loadSettings(command.opts<{ config?: string }>().config)))
  } catch (cause) {
    process.exit(reportFailure(cause, (text) => process.stderr.write(text)))
  }
}
