/** The origins of the workspaces that the settings name: one each for a whole process, whoever asks for it. */
import { createDirectoryOrigin } from '../adapters/origins/directory.ts'
import type { Settings } from '../config/schema.ts'
import type { Origin, Origins } from '../ports/origin.ts'

export type OpenedOrigins = {
  readonly origins: Origins
  /** Ends what the origins keep open; later reads of them reject. */
  close(): Promise<void>
}

/** Opens nothing yet: an origin connects at its first use. */
export function openOrigins({ workspaces }: Settings): OpenedOrigins {
  const origins = new Map<string, Origin>(
    [...workspaces].map(([name, { origin }]) => [name, createDirectoryOrigin(origin.directory)]),
  )
  return {
    origins: (workspace) => origins.get(workspace) ?? null,
    close: async () => {
      await Promise.all([...origins.values()].map((origin) => origin.close()))
    },
  }
}
