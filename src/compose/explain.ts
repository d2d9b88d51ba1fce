/** What `forewarm explain` and its like work with. */
import { sha256Hex } from '../adapters/digest.ts'
import type { Settings } from '../config/schema.ts'
import { explainWord, type WordExplanation } from '../flows/explain-word.ts'
import { gateOptions } from './gate-options.ts'
import { modelReader, runReader } from './parts.ts'
import { openSource, sessionLimits } from './predict.ts'
import { openSwitches } from './switches.ts'
import { withParts } from './tools.ts'

/** The origin and the import graph are given up after this, milliseconds. */
const TIMEOUT_MS = 60_000

/**
 * Everything that is known of a word: an open session or a file of a workspace. The predictor is made here, of what is
 * stored and of the end of the log, and asks no process that predicts; what it learns on the way stays here.
 */
export const explain = (
  settings: Settings,
  of: { readonly workspace: string; readonly word: string },
): Promise<WordExplanation> =>
  withParts(settings, async (parts) => {
    const { log, codec } = parts.engines
    const { graphs } = await parts.graphs()
    const models = modelReader(parts)
    const { switches } = openSwitches(parts)
    await switches.load()
    const { source, graphed, leave } = await openSource(parts, models)
    const explained = explainWord(
      {
        ...{ log, codec, sha256Hex, graphs, models, switches, source, graphed },
        paused: switches.paused,
        cache: parts.engines.cache(),
        runs: runReader(parts),
        origins: parts.origins,
        layers: await parts.layers(),
        bytesMax: settings.cache.valueBytesMax,
        shards: settings.model.limits.shards,
        openSessions: sessionLimits(settings.model),
        cutOff: gateOptions(settings.predict, settings.predict.filesPerSecondMax).cutOff,
      },
      of,
      AbortSignal.timeout(TIMEOUT_MS),
    )
    return explained.finally(leave)
  })
