/** The learned predictor of a process: with its models, its graphs, and what it shares with others. */
import { randomUUID } from 'node:crypto'
import { createDecisionJournal } from '../adapters/trace/decision-journal.ts'
import { GraphKeeper } from '../flows/predict/graph-keeper.ts'
import { createLearnedSource, type LearnedSource } from '../flows/predict/learned-source.ts'
import type { CandidateSource } from '../flows/predict/source.ts'
import { LIMITS } from '../model/prediction/limits.ts'
import type { PredictorGraph } from '../model/prediction/predictor.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { ModelReader } from '../ports/model-reader.ts'
import type { Log } from '../ports/telemetry.ts'
import type { Parts } from './parts.ts'
import { type Rounds, within } from './rounds.ts'

/** Closed sessions that a workspace's predictor begins with; a shard of a model keeps no more. */
const STORED_SESSIONS = 128

/**
 * Between two exchanges of learned weights, ms: a process that dies loses what it learned since the last one, and those
 * that begin together learn the same things apart until then.
 */
const WEIGHTS_MS = { alone: 10_000, oneOfMany: 500 }

/**
 * Between two exchanges of precedents, ms: another workspace may have begun with the same tool right now. Beside others
 * no less than that, and else as often as movements: processes write one after another here.
 */
const PRECEDENTS_MS = { alone: 1_000, oneOfMany: 50 }

/** At the end of a process what it learned last is told within this, ms: a store that is away would hold it up for longer. */
const TELL_MS_MAX = 2_000

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
  const { aggressiveness, cacheFiles, horizonMs, latencyMs, workspacesMax, decisionsFolder, precedents } =
    settings.predict
  const { clock } = engines
  const graphs = new GraphKeeper({ load: graphsOf(parts), clock, logger }, GRAPHS)
  const journal =
    decisionsFolder === null
      ? null
      : await createDecisionJournal(decisionsFolder, ({ code, message }) => logger.warn({ code }, message))
  const isOneOfMany = settings.mode === 'distributed'
  const source = createLearnedSource(
    {
      models,
      notes: engines.store().notes,
      logger,
      clock,
      graphs,
      ...(journal && { journal }),
      ...(isOneOfMany && { process: randomUUID() }),
    },
    {
      ...{ capacityFiles: cacheFiles, aggressiveness, workspacesMax },
      ...(precedents ? {} : { without: ['precedent'] as const }),
      ...{ latencyMs: latencyMs ?? firstLatencyMs, isLatencyPinned: latencyMs !== null },
      lives: { readMs: cache.readTtlMs, horizonMs },
      sessionsMax: STORED_SESSIONS,
    },
  )
  const sync = async () => {
    await source.syncWeights()
    await source.syncPrecedents()
  }
  await sync()
  const leave = async () => {
    await graphs.stop()
    await journal?.close()
  }
  const close = async () => {
    await leave()
    const tell = async () => {
      await sync()
      await source.signOff()
    }
    await unlessAway(logger, () => within(clock, TELL_MS_MAX, tell()))
  }
  return { source, rounds: roundsOf(source, isOneOfMany), graphed: () => graphs.run(), leave, close }
}

/** A store that is away costs what was learned since the last exchange: the end of a process does not wait for it. */
async function unlessAway(logger: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
    logger.warn({ code: cause.code }, 'what was learned last cannot be told to others: the model store is away')
  }
}

function roundsOf(source: LearnedSource, isOneOfMany: boolean): readonly Rounds[] {
  const learning: readonly Rounds[] = [
    {
      name: 'exchange of learned weights',
      everyMs: isOneOfMany ? WEIGHTS_MS.oneOfMany : WEIGHTS_MS.alone,
      round: () => source.syncWeights(),
    },
    {
      name: 'exchange of precedents',
      everyMs: isOneOfMany ? () => Math.max(PRECEDENTS_MS.oneOfMany, source.movementsPauseMs) : PRECEDENTS_MS.alone,
      round: () => source.syncPrecedents(),
    },
  ]
  const movements = {
    name: 'exchange of movements',
    everyMs: () => source.movementsPauseMs,
    round: () => source.exchangeMovements(),
  }
  return isOneOfMany ? [...learning, movements] : learning
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
