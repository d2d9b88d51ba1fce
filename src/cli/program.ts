/** All commands. Each only wires: settings to parts, parts to output. */
import { Command } from 'commander'
import { sha256Hex } from '../adapters/digest.ts'
import { connectLog, openTopics, withParts } from '../compose/tools.ts'
import { packageVersion } from '../compose/version.ts'
import { workspaceAtFolder, workspaceNamed } from '../compose/workspace-of.ts'
import { ownEnvironment } from '../config/environment.ts'
import { cacheCommand } from './cache.ts'
import { completionCommand } from './completion.ts'
import { configCommand } from './config-command.ts'
import { type CommandContext, commandContext } from './context.ts'
import { deadLettersCommand } from './dead-letters.ts'
import { depsCommand } from './deps.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain-command.ts'
import { initCommand } from './init.ts'
import { modelCommand } from './model-command.ts'
import { patternsCommand } from './patterns-command.ts'
import { pauseCommands } from './pause-commands.ts'
import { processCommands } from './process-commands.ts'
import { publishCommand } from './publish.ts'
import { endLike, recordCommand } from './record.ts'
import { replayCommand } from './replay.ts'
import { interruptsOf } from './runs/interrupts.ts'
import { runsCommand } from './runs-command.ts'
import { interrupted, type Terminal } from './terminal.ts'
import { tokenCommand } from './token-command.ts'
import { topicsCommand } from './topics.ts'
import { warmCommand } from './warm-command.ts'

const EXAMPLES = `
Examples:
  forewarm init                                 write a first settings file, commented
  forewarm up                                   everything in this process, on one file
  forewarm warm --strategy production           warm a workspace now, verified file by file
  forewarm runs list                            what was warmed, and what was not
  forewarm explain src/main.py                  why a file was, or was not, warmed
  forewarm explain SESSION                      what an open session is expected to read, and why
  forewarm patterns                             what was learned: correlations, sequences, hours
  forewarm record -- npx eslint .               run a command and publish which files it reads
  forewarm publish trace.csv --speed 10         put a trace on the log, ten times as fast
  forewarm replay trace.csv.gz                  what warming would have been worth on a trace
  forewarm cache stats                          what the cache holds of a workspace
  forewarm model dump                           what has been learned of a workspace
  forewarm deps src/main.ts --depth 2           what a file imports, and what that imports
  forewarm topics plan                          what a deployment on Kafka still needs
  forewarm dead-letters list                    records that could not be handled, and why
  forewarm doctor                               what is wrong with all that it stands on, and how to mend it
  forewarm token create ci --workspace acme/web a token for the gateway, shown once
  forewarm config print                         the settings that hold now

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 stopped by the deadline (warm: partial), 4 timed out.
Settings: docs/configuration.md. Errors by code: docs/errors.md.`

/** The command line, which talks to `terminal` alone. */
export function program(terminal: Terminal): Command {
  const root = new Command('forewarm')
    .description('warms a shared cache with the files that analyzer fleets will read next')
    .version(packageVersion())
    .option('-c, --config <file>', 'settings file (YAML); else the one that FOREWARM_CONFIG names')
    .addHelpText('after', EXAMPLES)
  const context = commandContext(terminal, () => root.opts<{ config?: string }>().config)
  for (const command of allCommands(context)) root.addCommand(command)
  root.addCommand(completionCommand(() => root, context.write))
  return root
}

const allCommands = (context: CommandContext): readonly Command[] => [
  ...processCommands(context),
  warmCommand({ ...context, interrupts: interruptsOf }),
  runsCommand({ ...context, interrupts: interruptsOf }),
  explainCommand(context),
  patternsCommand(context),
  ...pauseCommands(context),
  modelCommand(context),
  replayCommand(context),
  recordCommand({
    connect: () => connectLog(context.settings()),
    workspaceAt: (folder) => workspaceAtFolder(context.settings(), folder),
    environment: ownEnvironment(),
    atTerminal: process.stdin.isTTY === true,
    report: context.report,
    end: endLike,
  }),
  publishCommand({
    ...context,
    connect: () => connectLog(context.settings()),
    get signal() {
      return interrupted()
    },
  }),
  cacheCommand({
    ...context,
    sha256Hex,
    workspaceNamed: (given) => workspaceNamed(context.settings(), given, process.cwd()),
    withCache: (work) => withParts(context.settings(), ({ engines }) => work(engines.cache())),
  }),
  deadLettersCommand({
    ...context,
    withLog: (work) => withParts(context.settings(), ({ engines }) => work(engines.log)),
  }),
  depsCommand({
    ...context,
    get signal() {
      return interrupted()
    },
  }),
  topicsCommand({ ...context, open: () => openTopics(context.settings()) }),
  tokenCommand(context),
  configCommand(context),
  doctorCommand(context),
  initCommand(context),
]
