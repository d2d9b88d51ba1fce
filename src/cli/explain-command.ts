/** `forewarm explain PATH`: why a file was, or was not, warmed. */
import { Command } from 'commander'
import { chooseWorkspace } from '../compose/workspace-of.ts'
import type { CommandContext } from './context.ts'
import { explanationText } from './runs/explanation.ts'
import { workspaceOption } from './warm-command.ts'

type Options = { readonly workspace?: string; readonly json?: true }

export const explainCommand = (context: CommandContext): Command =>
  workspaceOption(
    new Command('explain')
      .description('why a file was, or was not, warmed: model, imports, cache, runs, last outcomes, pauses')
      .argument('<path>', 'the file, relative to the workspace'),
  )
    .option('--json', 'as one JSON object')
    .action(async (path: string, { workspace: given, json }: Options) => {
      const { settings, workspace } = chooseWorkspace(context.settings(), given, process.cwd())
      // Parsers take a tenth of a second to load: the other commands do without.
      const { explain } = await import('../compose/explain.ts')
      const explanation = await explain(settings, { workspace, path: path.replace(/^\.\//, '') })
      context.write(json ? `${JSON.stringify(explanation)}\n` : explanationText(explanation, Date.now()))
    })
