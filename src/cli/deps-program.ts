/** The command line with `deps` alone: the same command as in main.ts, without the libraries of the others. */
import { argv } from 'node:process'
import { Command } from 'commander'
import { depsCommand } from './deps.ts'
import { invoke } from './invoke.ts'
import { endWithReader, interrupted, ownTerminal } from './terminal.ts'

const deps = depsCommand({
  ...ownTerminal,
  settings: async () => (await import('../config/load.ts')).loadSettings(),
  get signal() {
    return interrupted()
  },
})

endWithReader()
await invoke(new Command('forewarm').addCommand(deps), argv.slice(2), ownTerminal)
