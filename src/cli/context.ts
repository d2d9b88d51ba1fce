/** What every command gets: the settings, read when they are first needed, and where its output goes. */
import { existsSync } from 'node:fs'
import { ownEnvironment } from '../config/environment.ts'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import type { Terminal } from './terminal.ts'

export type CommandContext = Terminal & {
  readonly settings: () => Settings
}

export function commandContext(terminal: Terminal, configFile: () => string | undefined): CommandContext {
  let loaded: Settings | undefined
  return {
    ...terminal,
    settings: () => {
      if (loaded === undefined) {
        const file = configFile()
        if (terminal.atTerminal && file === undefined) terminal.report(unusedFile())
        loaded = loadSettings(file)
      }
      return loaded
    },
  }
}

/** What `init` writes unless told. It is not used for its being there: a checkout may not choose plugins and servers. */
export const STARTER_FILE = 'forewarm.yaml'

const unusedFile = (): string =>
  ownEnvironment()['FOREWARM_CONFIG'] === undefined && existsSync(STARTER_FILE)
    ? `forewarm: ${STARTER_FILE} is here and not used: name it by --config ${STARTER_FILE}, or export FOREWARM_CONFIG\n`
    : ''
