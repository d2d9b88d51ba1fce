/** `forewarm cache`: what the cache holds of a workspace, and emptying it. */
import { Command } from 'commander'
import { type Sha256Hex, shortId } from '../model/identity.ts'
import type { Cache } from '../ports/cache.ts'
import { percent } from './runs/figures.ts'
import { workspaceNameOption } from './warm-command.ts'

export type CacheContext = {
  /** Opens the cache that the settings name, lends it to the work, closes it. */
  readonly withCache: <Result>(work: (cache: Cache) => Promise<Result>) => Promise<Result>
  readonly sha256Hex: Sha256Hex
  /** The workspace that is meant: the named one, else that of the current folder. */
  readonly workspaceNamed: (given: string | undefined) => string
  readonly write: (text: string) => void
}

type Options = { readonly workspace?: string; readonly json?: true }
type ClearOptions = Options & { readonly workspace: string }

export function cacheCommand(context: CacheContext): Command {
  const command = new Command('cache').description('what the cache holds of a workspace')
  workspaceNameOption(command.command('stats').description('entries, bytes, warms that nobody has read yet, pressure'))
    .option('--json', 'as JSON')
    .action((options: Options) => stats(context, options))
  command
    .command('clear')
    .description('remove every entry of a workspace; models and pointers stay')
    // What takes something away has its workspace named.
    .requiredOption('-w, --workspace <name>', 'name of the workspace')
    .option('--json', 'as JSON')
    .action((options: ClearOptions) => clear(context, options))
  return command
}

const stats = (
  { withCache, sha256Hex, workspaceNamed, write }: CacheContext,
  { workspace: given, json }: Options,
): Promise<void> =>
  withCache(async (cache) => {
    const workspace = workspaceNamed(given)
    const { entries, bytes, unreadWarms } = await cache.stats(shortId(workspace, sha256Hex))
    const { pressure, bytesUsed, bytesMax } = await cache.pressure()
    if (json) {
      write(`${JSON.stringify({ workspace, entries, bytes, unreadWarms, cache: { bytesUsed, bytesMax, pressure } })}\n`)
      return
    }
    const limit = bytesMax === null ? 'no limit' : `${bytesMax} at most (${percent(bytesUsed / bytesMax)} used)`
    write(`entries       ${entries}\nbytes         ${bytes}\nunread warms  ${unreadWarms}\n`)
    write(`whole cache   ${bytesUsed} bytes, ${limit}, pressure ${pressure.toFixed(2)}\n`)
  })

const clear = ({ withCache, sha256Hex, write }: CacheContext, { workspace, json }: ClearOptions): Promise<void> =>
  withCache(async (cache) => {
    const removed = await cache.clear(shortId(workspace, sha256Hex))
    write(json ? `${JSON.stringify({ workspace, removed })}\n` : `${removed} entries removed\n`)
  })
