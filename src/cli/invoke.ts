/** From arguments to the end of a command: the same for all programs of the command line. */
import type { Command, OutputConfiguration } from 'commander'
import { reportFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** Runs the command that the arguments name; tells a failure and sets the exit code. */
export async function invoke(
  root: Command,
  args: readonly string[],
  terminal: Pick<Terminal, 'write' | 'report' | 'exit'>,
): Promise<void> {
  const json = asksForJson(args)
  const output = outputOf(terminal, json)
  for (const command of everyCommand(root)) command.exitOverride().configureOutput(output)
  try {
    await root.parseAsync(args, { from: 'user' })
  } catch (cause) {
    const code = reportFailure(cause, { report: terminal.report, json })
    if (code !== 0) terminal.exit(code)
  }
}

/** A command and all below it. */
export const everyCommand = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(everyCommand),
]

/** What follows `--` belongs to another program. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end < 0 ? args : args.slice(0, end)).includes('--json')
}

/** Complaints about arguments are told as every failure is: by `reportFailure`. */
function outputOf({ write, report }: Pick<Terminal, 'write' | 'report'>, json: boolean): OutputConfiguration {
  return { writeOut: write, writeErr: json ? () => {} : report, outputError: () => {} }
}
