/** What carries runs out, in the process that plans them. */

import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { sha256Hex } from '../adapters/digest.ts'
import { strategyOf } from '../config/strategies.ts'
import { AST } from '../flows/ast-layer.ts'
import { createFoldedRuns } from '../flows/folded-runs.ts'
import type { ImportGraphs } from '../flows/graph/graph.ts'
import { appendCommands } from '../flows/predict/issuer.ts'
import { RunCoordinator } from '../flows/predict/runs/coordinator.ts'
import { type FindDependencies, Planner } from '../flows/predict/runs/planner.ts'
import { RunNotes } from '../flows/predict/runs/run-notes.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { FoldedRuns, ModelReader } from '../ports/model-reader.ts'
import type { IsPaused } from '../ports/switches.ts'
import { INCREMENTAL } from '../warming/incremental.ts'
import { PLAN_ENTRIES_MAX } from '../warming/run/plan.ts'
import { NO_WISH, toRunSpec } from '../warming/strategy/to-run-spec.ts'
import { wirePathProblem } from '../wire/path.ts'
import type { Parts } from './parts.ts'

/** Layers that only files of a known language have. */
const SOURCE_LAYERS: ReadonlySet<string> = new Set([AST, INCREMENTAL])

export type RunsParts = { readonly models: ModelReader; readonly paused: IsPaused }

export type OpenedRuns = { readonly coordinator: RunCoordinator; close(): Promise<void> }

export type OpenedPlanner = { readonly planner: Planner; readonly notes: RunNotes; readonly folded: FoldedRuns }

/** What plans runs: in the process that carries them out, and where a plan is only shown. */
export async function openPlanner(parts: Parts, models: ModelReader): Promise<OpenedPlanner> {
  const { settings, engines, origins } = parts
  const { limits } = settings.model
  const store = engines.store()
  const notes = new RunNotes(store.notes)
  const folded = createFoldedRuns({ store, sha256Hex, limits })
  const { graphs, languages } = await parts.graphs()
  const planner = new Planner({
    ...{ origins, models, folded, notes, clock: engines.clock, dependencies: dependenciesIn(graphs) },
    isName: (path) => wirePathProblem(path) === null,
    hasValue: (path, layer) => !SOURCE_LAYERS.has(layer) || languages.some((language) => language.handles(path)),
    entriesMax: Math.min(PLAN_ENTRIES_MAX, limits.runChunk * limits.runChunksMax),
  })
  return { planner, notes, folded }
}

export async function openRuns(parts: Parts, { models, paused }: RunsParts): Promise<OpenedRuns> {
  const { settings, engines, telemetry, logger } = parts
  const { clock, log, codec } = engines
  const { planner, notes, folded } = await openPlanner(parts, models)
  const strategies = strategyOf(settings, availableParallelism())
  const coordinator = new RunCoordinator({
    ...{ notes, folded, planner, paused, clock, telemetry, logger, newId: randomUUID },
    append: (commands) => appendCommands({ codec, log, telemetry }, commands),
    specOf: (name, paths) => {
      const strategy = strategies(name)
      return strategy === null ? null : toRunSpec(strategy, { ...NO_WISH, paths })
    },
  })
  return { coordinator, close: () => coordinator.stop() }
}

/** Where an origin has no listing nothing is known of imports: then the files alone are warmed. */
const dependenciesIn =
  (graphs: ImportGraphs): FindDependencies =>
  async (wanted, signal) => {
    try {
      return await graphs.follow({ ...wanted, signal })
    } catch (cause) {
      if (!(cause instanceof ForewarmError && cause.code === 'FW_ORIGIN_UNLISTABLE')) throw cause
      return { depths: new Map(wanted.paths.map((path) => [path, 0])), asked: 0, known: 0 }
    }
  }
