/** The import graph for the command line: of a workspace that the settings name, else of any folder. */
import { isAbsolute } from 'node:path'
import type { Settings } from '../config/schema.ts'
import type { RefreshedGraph } from '../flows/graph/workspace-graph.ts'
import { openFolderGraphs, openGraphs } from './graph.ts'

export type GraphRequest = {
  /** Name of a workspace or a folder; null: the working directory. */
  readonly workspace: string | null
  readonly signal: AbortSignal
  readonly onProgress: (done: number, of: number) => void
}

/** Rejects with FW_ORIGIN_UNAVAILABLE or FW_ORIGIN_UNLISTABLE. The settings are only read when a name is given. */
export async function readGraph(
  settings: () => Settings | Promise<Settings>,
  request: GraphRequest,
): Promise<RefreshedGraph> {
  const { workspace, signal, onProgress } = request
  if (workspace !== null && !isSurelyFolder(workspace)) {
    const known = await settings()
    if (known.workspaces.has(workspace)) return ofWorkspace(known, workspace, request)
  }
  const folder = await openFolderGraphs(workspace ?? '.')
  try {
    const { origin } = folder
    return await folder.graphs.refresh({ workspace: folder.workspace, origin, signal, onProgress })
  } finally {
    await folder.close()
  }
}

/** Without a look at the settings, which take longer to load than many a folder to parse. */
const isSurelyFolder = (name: string): boolean => isAbsolute(name) || /^\.\.?(?:[/\\]|$)/.test(name)

async function ofWorkspace(settings: Settings, workspace: string, { signal, onProgress }: GraphRequest) {
  const { withParts } = await import('./tools.ts')
  return withParts(settings, async ({ engines, origins }) => {
    const origin = origins(workspace)
    if (origin === null) throw new Error(`workspace ${workspace} is in the settings and has no origin`)
    const { graphs, close } = await openGraphs(engines.store().notes, engines.clock)
    try {
      return await graphs.refresh({ workspace, origin, signal, onProgress })
    } finally {
      await close()
    }
  })
}
