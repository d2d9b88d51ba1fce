/** What `forewarm explain` and its like work with. */
import type { Settings } from '../config/schema.ts'
import { type Explanation, explainFile } from '../flows/explain.ts'
import { modelReader, runReader, sha256Hex } from './parts.ts'
import { openSwitches } from './switches.ts'
import { withParts } from './tools.ts'

/** The origin and the import graph are given up after this, milliseconds. */
const TIMEOUT_MS = 60_000

/** Everything that is known of one file of a workspace. */
export const explain = (
  settings: Settings,
  file: { readonly workspace: string; readonly path: string },
): Promise<Explanation> =>
  withParts(settings, async (parts) => {
    const { log, codec } = parts.engines
    const { graphs } = await parts.graphs()
    return explainFile(
      {
        ...{ log, codec, sha256Hex, graphs },
        cache: parts.engines.cache(),
        models: modelReader(parts),
        runs: runReader(parts),
        switches: openSwitches(parts).switches,
        origins: parts.origins,
        layers: await parts.layers(),
        bytesMax: settings.cache.valueBytesMax,
      },
      file,
      AbortSignal.timeout(TIMEOUT_MS),
    )
  })
