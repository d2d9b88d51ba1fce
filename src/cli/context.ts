/** What every command gets: the settings, read when they are first needed, and where its output goes. */
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'

export type CommandContext = {
  readonly settings: () => Settings
  readonly write: (text: string) => void
  /** Sets the exit code of a command that ends in order but has something to tell by it. */
  readonly exit: (code: number) => void
  /** Ends with an exit code, whatever is still open: for processes, which have stopped in order by then. */
  readonly end: (code: number) => void
}

export function commandContext(configFile: () => string | undefined): CommandContext {
  let loaded: Settings | undefined
  return {
    settings: () => {
      loaded ??= loadSettings(configFile())
      return loaded
    },
    write: (text) => process.stdout.write(text),
    exit: (code) => {
      process.exitCode = code
    },
    end: (code) => process.exit(code),
  }
}
