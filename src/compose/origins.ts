/** The origins of the workspaces that the settings name: one each for a whole process, whoever asks for it. */
import { createDirectoryOrigin } from '../adapters/origins/directory.ts'
import { createGitOrigin } from '../adapters/origins/git/origin.ts'
import { guardOrigin } from '../adapters/origins/guarded.ts'
import { createHttpOrigin } from '../adapters/origins/http/origin.ts'
import { createS3Origin } from '../adapters/origins/s3/origin.ts'
import { ownEnvironment } from '../config/environment.ts'
import type { OriginSettings, Settings } from '../config/schema.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { NoteStore } from '../ports/notes.ts'
import type { Origin, Origins } from '../ports/origin.ts'
import type { Reporting } from './engines.ts'

export type OpenedOrigins = {
  readonly origins: Origins
  /** Ends what the origins keep open; later reads of them reject. */
  close(): Promise<void>
}

export type OriginParts = Pick<Reporting, 'telemetry'> & {
  /** Where versions of a folder's files are noted for later processes; asked for when it is first needed. */
  readonly notes: () => NoteStore
}

/** Opens nothing yet: an origin connects at its first use. */
export function openOrigins({ workspaces }: Settings, { telemetry, notes }: OriginParts): OpenedOrigins {
  const origins = new Map<string, Origin>(
    [...workspaces].map(([name, { origin }]) => [
      name,
      guardOrigin(openOrigin(name, origin, notes), { ...origin.limits, workspace: name, telemetry }),
    ]),
  )
  return {
    origins: (workspace) => origins.get(workspace) ?? null,
    close: async () => {
      await Promise.all([...origins.values()].map((origin) => origin.close()))
    },
  }
}

function openOrigin(
  workspace: string,
  { directory, git, http, s3, limits }: OriginSettings,
  store: () => NoteStore,
): Origin {
  const { PATH: searchPath } = ownEnvironment()
  const { timeoutMs } = limits
  if (directory !== null) {
    return createDirectoryOrigin(directory, { searchPath, notes: { store, group: `versions\n${workspace}` } })
  }
  if (git.repository !== null) {
    return createGitOrigin({ repository: git.repository, revision: git.revision, searchPath, timeoutMs })
  }
  if (http.url !== null) return createHttpOrigin({ ...http, url: http.url })
  if (s3.bucket !== null) return createS3Origin({ ...s3, bucket: s3.bucket })
  throw new ForewarmError('FW_CONFIG_INVALID', `workspaces.${workspace}.origin says nowhere where its files are`)
}
