/** The learned predictor of a process: with its models, its graphs, and the weights that it shares with others. */
import { createDecisionJournal } from '../adapters/trace/decision-journal.ts'
import { GraphKeeper } from '../flows/predict/graph-keeper.ts'
import { createLearnedSource } from '../flows/predict/learned-source.ts'
import type { CandidateSource } from '../flows/predict/source.ts'
import { LIMITS } from '../model/prediction/limits.ts'
import type { PredictorGraph } from '../model/prediction/predictor.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import type { Parts } from './parts.ts'
import type { Rounds } from './rounds.ts'

/** Closed sessions that a workspace's predictor begins with; a shard of a model keeps no more. */
const STORED_SESSIONS = 128

/** Between two exchanges of learned weights, ms: a process that dies loses what it learned since the last one. */
const WEIGHTS_MS = 10_000

/** A workspace's graph is made anew at most so often where files change, and at least so often where nobody says so, ms. */
const GRAPHS = { pauseMs: 60_000, freshMs: 10 * 60_000 }

export type OpenedSource = {
  readonly source: CandidateSource
  readonly rounds: readonly Rounds[]
  /** Resolves once the graphs of the workspaces followed so far are known: for tools, which have nobody to wait for them. */
  graphed(): Promise<void>
  /** Ends without telling others what was learned here. */
  leave(): Promise<void>
  close(): Promise<void>
}

export async function openLearned(parts: Parts, models: ModelReader, firstLatencyMs: number): Promise<OpenedSource> {
  const { settings, engines, logger } = parts
  const { cache } = settings
  const { aggressiveness, cacheFiles, latencyMs, workspacesMax, decisionsFolder } = settings.predict
  const { clock } = engines
  const graphs = new GraphKeeper({ load: graphsOf(parts), clock, logger }, GRAPHS)
  const journal =
    decisionsFolder === null
      ? null
      : await createDecisionJournal(decisionsFolder, ({ code, message }) => logger.warn({ code }, message))
  const source = createLearnedSource(
    { models, notes: engines.store().notes, logger, clock, graphs, ...(journal && { journal }) },
    {
      ...{ capacityFiles: cacheFiles, aggressiveness, workspacesMax },
      ...{ latencyMs: latencyMs ?? firstLatencyMs, isLatencyPinned: latencyMs !== null },
      lives: { readMs: cache.readTtlMs, unreadMs: cache.unreadTtlMs },
      sessionsMax: STORED_SESSIONS,
    },
  )
  await source.syncWeights()
  const round = { name: 'exchange of learned weights', everyMs: WEIGHTS_MS, round: () => source.syncWeights() }
  const leave = async () => {
    await graphs.stop()
    await journal?.close()
  }
  const close = async () => {
    await leave()
    await source.syncWeights()
  }
  return { source, rounds: [round], graphed: () => graphs.run(), leave, close }
}

const graphsOf =
  ({ origins, graphs }: Parts) =>
  async (workspace: string, signal: AbortSignal): Promise<PredictorGraph | null> => {
    const origin = origins(workspace)
    if (origin === null) return null
    const { graph, files } = await (await graphs()).graphs.refresh({ workspace, origin, signal })
    // Beside so many files there is no room for those that are read.
    if (files.size > LIMITS.filesMax) return null
    const edges = [...graph].flatMap(([from, imports]) => imports.map((to) => [from, to] as const))
    return { files: [...files], edges }
  }
