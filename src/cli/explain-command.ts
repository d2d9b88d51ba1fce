/** `forewarm explain WORD`: why a file was, or was not, warmed; or what is expected of an open session. */
import { Command } from 'commander'
import { chooseWorkspace } from '../compose/workspace-of.ts'
import type { WordExplanation } from '../flows/explain-word.ts'
import type { CommandContext } from './context.ts'
import { explanationText } from './runs/explanation.ts'
import { inSessionsText, outlookText } from './runs/outlook-text.ts'
import { workspaceOption } from './warm-command.ts'

type Options = { readonly workspace?: string; readonly json?: true }

const HELP = `
Of a file: whether it is cached, what was learned of it, which runs and workers had it, and how likely open sessions are to
read it next. Of an open session: the files that it may read next, by what evidence, how likely, and what comes of each.
The predictor is made anew from what is stored and from the end of the log: no process is asked.`

export const explainCommand = (context: CommandContext): Command =>
  workspaceOption(
    new Command('explain')
      .description('why a file was, or was not, warmed; or what an open session is expected to read')
      .argument('<path|session>', 'the file, relative to the workspace, or the name of an open session'),
  )
    .option('--json', 'as one JSON object')
    .addHelpText('after', HELP)
    .action(async (given: string, { workspace: name, json }: Options) => {
      const { settings, workspace } = chooseWorkspace(context.settings(), name, process.cwd())
      // Parsers take a tenth of a second to load: the other commands do without.
      const { explain } = await import('../compose/explain.ts')
      const found = await explain(settings, { workspace, word: given.replace(/^\.\//, '') })
      context.write(json ? `${JSON.stringify(found)}\n` : textOf(found))
    })

const textOf = (found: WordExplanation): string =>
  found.kind === 'session'
    ? outlookText(found)
    : `${explanationText(found, Date.now())}${inSessionsText(found.sessions)}`
