/** `forewarm model`: what has been learned, shown, forgotten or folded anew. */

import { Command } from 'commander'
import { sha256Hex } from '../adapters/digest.ts'
import { withParts } from '../compose/tools.ts'
import { workspaceNamed } from '../compose/workspace-of.ts'
import {
  deleteModel,
  dumpModel,
  listWorkspaces,
  type ModelAdminDeps,
  type ModelDump,
  rebuildModel,
} from '../flows/model-admin.ts'
import type { CommandContext } from './context.ts'
import { printable } from './printable.ts'
import { workspaceNameOption } from './warm-command.ts'

type ForWorkspace = { readonly workspace: string }

export function modelCommand(context: CommandContext): Command {
  const command = new Command('model').description('what has been learned of the workspaces')
  command
    .command('list')
    .description('the workspaces of which something has been learned')
    .option('--json', 'as one JSON list')
    .action(async ({ json }: { json?: true }) => {
      const names = await withAdmin(context, ({ store }) => listWorkspaces(store))
      context.write(json ? `${JSON.stringify(names)}\n` : names.map((name) => `${printable(name)}\n`).join(''))
    })
  workspaceNameOption(
    command.command('dump').description('all that is counted of its files, sorted by path (docs/model.md)'),
  )
    .option('--json', 'one JSON object a line: one file each')
    .option('--shards', 'what its shards count beside files, as one JSON object')
    .action(async ({ workspace: given, json, shards }: Partial<ForWorkspace> & { json?: true; shards?: true }) => {
      const workspace = workspaceNamed(context.settings(), given, process.cwd())
      const dump = await withAdmin(context, (deps) => dumpModel(deps, workspace))
      context.write(shards ? `${JSON.stringify(Object.fromEntries(dump.shards), null, 2)}\n` : filesText(dump, json))
    })
  forWorkspace(command, 'delete', 'forget all that was learned of it')
    .option('--json', 'as JSON')
    .action(async ({ workspace, json }: ForWorkspace & { json?: true }) => {
      await withAdmin(context, (deps) => deleteModel(deps, workspace))
      const text = `the log has it: ingest forgets ${printable(workspace)} when it comes there`
      context.write(`${json ? JSON.stringify({ workspace, state: 'requested' }) : text}\n`)
    })
  forWorkspace(command, 'rebuild', 'drop what is stored, so that ingest folds it anew from the log')
    .option('--json', 'as JSON')
    .action(async ({ workspace, json }: ForWorkspace & { json?: true }) => {
      await withAdmin(context, (deps) => rebuildModel(deps, workspace))
      const text = `dropped: ingest folds ${printable(workspace)} anew from the start of the log`
      context.write(`${json ? JSON.stringify({ workspace, state: 'dropped' }) : text}\n`)
    })
  return command
}

const forWorkspace = (parent: Command, name: string, description: string): Command =>
  parent.command(name).description(description).requiredOption('-w, --workspace <name>', 'the workspace')

const withAdmin = <Result>(
  { settings }: CommandContext,
  work: (deps: ModelAdminDeps) => Promise<Result>,
): Promise<Result> =>
  withParts(settings(), ({ settings: { model }, engines }) => {
    const { log, codec } = engines
    return work({ log, codec, store: engines.store(), sha256Hex, limits: model.limits })
  })

function filesText({ files }: ModelDump, json: true | undefined): string {
  if (json) return files.map((file) => `${JSON.stringify(file)}\n`).join('')
  const lines = files.map(({ path, frequency, lastAccess }) =>
    [String(frequency).padStart(9), new Date(lastAccess).toISOString(), printable(path)].join('  '),
  )
  return [['FREQUENCY', 'LAST ACCESS'.padEnd(24), 'PATH'].join('  '), ...lines].map((line) => `${line}\n`).join('')
}
