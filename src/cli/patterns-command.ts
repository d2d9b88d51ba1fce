/** `forewarm patterns`: what was learned of a workspace, or of one file of it. */
import { Command, InvalidArgumentError } from 'commander'
import { modelReader, type Parts } from '../compose/parts.ts'
import { withParts } from '../compose/tools.ts'
import { workspaceLearned } from '../compose/workspace-of.ts'
import { listWorkspaces } from '../flows/model-admin.ts'
import { filePatterns, type PatternsQuery, patternsOf } from '../flows/patterns.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { CommandContext } from './context.ts'
import { filePatternsText, patternsText } from './patterns-text.ts'
import { workspaceOption } from './warm-command.ts'

type Options = {
  readonly workspace?: string
  readonly limit: number
  readonly file?: string
  readonly json?: true
}

export const patternsCommand = (context: CommandContext): Command =>
  workspaceOption(
    new Command('patterns').description(
      'what was learned: files read together, sequences, peak hours, next accesses by the clock',
    ),
  )
    .option('-n, --limit <count>', 'how much of each is told', whole, 10)
    .option('--file <path>', 'of one file alone')
    .option('--json', 'as one JSON object')
    .action(async ({ workspace: given, limit, file, json }: Options) => {
      const { settings, workspace } = workspaceLearned(context.settings(), given, process.cwd())
      const text = await withParts(settings, (parts) =>
        answerOf(parts, { workspace, nowMs: parts.engines.clock.now(), limit }, { file, json: json ?? false }),
      )
      context.write(text)
    })

async function answerOf(
  parts: Parts,
  query: PatternsQuery,
  { file, json }: { readonly file: string | undefined; readonly json: boolean },
): Promise<string> {
  const models = modelReader(parts)
  const path = file?.replace(/^\.\//, '')
  const found = path === undefined ? await patternsOf(models, query) : await filePatterns(models, path, query)
  if (found === null) throw await nothingLearned(parts, query.workspace, path)
  if (json) return `${JSON.stringify(found)}\n`
  return 'path' in found ? filePatternsText(found) : patternsText(found)
}

async function nothingLearned({ engines }: Parts, workspace: string, path: string | undefined) {
  const known = await listWorkspaces(engines.store())
  const others = known.length === 0 ? 'no workspace was learned yet' : `learned were: ${known.join(', ')}`
  const what = path === undefined || !known.includes(workspace) ? workspace : `${path} in ${workspace}`
  return new ForewarmError('FW_NOT_KNOWN', `nothing was learned of ${what}${what === workspace ? `; ${others}` : ''}`)
}

function whole(text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 on.')
  return Number(text)
}
