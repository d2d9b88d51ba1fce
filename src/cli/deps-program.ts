/** The command line with `deps` alone: the same command as in main.ts, without the libraries of the others. */
import { Command } from 'commander'
import { depsCommand } from './deps.ts'
import { reportFailure } from './failure.ts'
import { endWithReader, interrupted } from './terminal.ts'

const report = (text: string): void => void process.stderr.write(text)

const deps = depsCommand({
  settings: async () => (await import('../config/load.ts')).loadSettings(),
  write: (text) => process.stdout.write(text),
  exit: (code) => {
    process.exitCode = code
  },
  report,
  atTerminal: process.stderr.isTTY === true,
  get signal() {
    return interrupted()
  },
})

endWithReader()
try {
  const root = new Command('forewarm').addCommand(deps.exitOverride().showHelpAfterError('(--help shows the usage)'))
  await root.exitOverride().parseAsync()
} catch (cause) {
  process.exitCode = reportFailure(cause, report)
}
