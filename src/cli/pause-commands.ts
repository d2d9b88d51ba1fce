/** `forewarm pause` and `forewarm resume`: the kill switch. */
import { Command } from 'commander'
import { openSwitches } from '../compose/switches.ts'
import { withParts } from '../compose/tools.ts'
import { chooseWorkspace } from '../compose/workspace-of.ts'
import { pauseEverywhere, resumeEverywhere } from '../flows/switches.ts'
import type { Clock } from '../ports/clock.ts'
import type { Pause, Switches } from '../ports/switches.ts'
import type { CommandContext } from './context.ts'
import { printable } from './printable.ts'
import { requester } from './warm-command.ts'

type Options = { readonly workspace?: string; readonly json?: true }

export const pauseCommands = (context: CommandContext): readonly Command[] => [
  switchCommand(context, 'pause', {
    description: 'stop all warming, or that of one workspace, within a second; it stays stopped through restarts',
    change: (switches, workspace, clock) => pauseEverywhere(switches, { workspace, by: requester() }, clock),
  }),
  switchCommand(context, 'resume', {
    description: 'let warming go on that was paused',
    change: (switches, workspace, clock) => resumeEverywhere(switches, workspace, clock),
  }),
]

type Change = {
  readonly description: string
  readonly change: (switches: Switches, workspace: string | null, clock: Clock) => Promise<void>
}

const switchCommand = (context: CommandContext, name: string, { description, change }: Change): Command =>
  new Command(name)
    .description(description)
    .option('-w, --workspace <name|folder>', 'only this workspace; else all')
    .option('--json', 'as JSON')
    .action(async ({ workspace: given, json }: Options) => {
      const settings = context.settings()
      const workspace = given === undefined ? null : nameOf(settings, given)
      const pauses = await withParts(settings, async (parts) => {
        const { switches } = openSwitches(parts)
        await change(switches, workspace, parts.engines.clock)
        return switches.list()
      })
      context.write(json ? `${JSON.stringify({ pauses })}\n` : pausesText(pauses))
    })

/** Also workspaces that only other machines' settings know can be paused. */
function nameOf(settings: Parameters<typeof chooseWorkspace>[0], given: string): string {
  return /^[./~]/.test(given) ? chooseWorkspace(settings, given, process.cwd()).workspace : given
}

const pausesText = (pauses: readonly Pause[]): string =>
  pauses.length === 0 ? 'nothing is paused\n' : pauses.map((pause) => `${pauseText(pause)}\n`).join('')

export const pauseText = ({ workspace, by, sinceMs }: Pause): string =>
  `${workspace === null ? 'all workspaces are' : `${printable(workspace)} is`} paused by ${printable(by)} since ${new Date(sinceMs).toISOString()}`
