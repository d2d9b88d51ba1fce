/** What every stage is built from. */
import { sha256Hex } from '../adapters/digest.ts'
import { createModelReader } from '../adapters/near-cache/model-reader.ts'
import type { Settings } from '../config/schema.ts'
import { createFoldedRuns } from '../flows/folded-runs.ts'
import { createRunReader } from '../flows/runs.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { FoldedRuns, ModelReader } from '../ports/model-reader.ts'
import type { Origins } from '../ports/origin.ts'
import type { RunReader } from '../ports/runs.ts'
import type { Engines, Reporting } from './engines.ts'
import type { OpenedGraphs } from './graph.ts'
import type { OpenedLayers } from './layers.ts'

export type Parts = Reporting & {
  readonly settings: Settings
  readonly engines: Engines
  readonly heartbeat: Heartbeat
  /** The origins of the workspaces; the same for all stages of a process. */
  readonly origins: Origins
  /** The import graphs and what parses for them; opened at the first call. */
  readonly graphs: () => Promise<OpenedGraphs>
  /** The layers of values; loaded at the first call, rejects with FW_CONFIG_INVALID when a plugin cannot be used. */
  readonly layers: OpenedLayers['layers']
}

/** How old what is read of a model may be, milliseconds. */
const MODEL_FRESH_MS = 500

/** Rows of a model that a process keeps. */
const MODEL_ENTRIES_MAX = 100_000

export const modelReader = ({ settings, engines }: Parts): ModelReader =>
  createModelReader(engines.store(), {
    limits: settings.model.limits,
    sha256Hex,
    now: () => engines.clock.now(),
    steadyMs: () => engines.clock.monotonicMs(),
    freshMs: MODEL_FRESH_MS,
    entriesMax: MODEL_ENTRIES_MAX,
  })

const foldedRuns = ({ settings, engines }: Parts): FoldedRuns =>
  createFoldedRuns({ store: engines.store(), sha256Hex, limits: settings.model.limits })

export const runReader = (parts: Parts): RunReader =>
  createRunReader({ notes: parts.engines.store().notes, folded: foldedRuns(parts) })
