/** The command line with all commands. */
import { argv } from 'node:process'
import { invoke } from './invoke.ts'
import { program } from './program.ts'
import { endWithReader, ownTerminal } from './terminal.ts'

endWithReader()
await invoke(program(ownTerminal), argv.slice(2), ownTerminal)
