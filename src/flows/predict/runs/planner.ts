/** Plans a run: which files, in which order. Reads much and writes nothing. */
import type { Clock } from '../../../ports/clock.ts'
import { ForewarmError } from '../../../ports/errors.ts'
import type { FoldedRuns, ModelReader } from '../../../ports/model-reader.ts'
import type { Origin, Origins } from '../../../ports/origin.ts'
import type { WarmRequest } from '../../../warming/command.ts'
import { fileEnd, hasNoValue } from '../../../warming/run/file-end.ts'
import { boundPlan, type OrderedPlan, orderPlan, type PlannedPath } from '../../../warming/run/order.ts'
import { PLAN_CHUNK, type PlanEntry, type Planned } from '../../../warming/run/plan.ts'
import { correlatedFiles, type PrefetchOptions, profiledFiles } from '../../../warming/run/prefetch.ts'
import type { RunSpec } from '../../../warming/strategy/run-spec.ts'
import type { FollowedImports } from '../../graph/follow.ts'
import { Listing } from './listing.ts'
import type { RunNotes } from './run-notes.ts'
import { selectFiles } from './select-files.ts'

/** Files with how many imports lead to each from `paths`, those with 0, as far as they can be followed in time. */
export type FindDependencies = (
  wanted: {
    readonly workspace: string
    readonly origin: Origin
    readonly paths: readonly string[]
    readonly depth: number
    readonly timeMs: number
  },
  signal: AbortSignal,
) => Promise<FollowedImports>

/** A plan with how far imports were followed, where there was no time for all. */
export type FollowedPlan = OrderedPlan & Pick<Planned, 'imports'>

export type PlannerDeps = {
  readonly origins: Origins
  readonly models: Pick<ModelReader, 'file' | 'files' | 'profile' | 'closedSessions'>
  readonly folded: FoldedRuns
  readonly notes: RunNotes
  readonly dependencies: FindDependencies
  /** Whether a record can carry a path. */
  readonly isName: (path: string) => boolean
  /** Whether files of this path have a value in the layer at all. */
  readonly hasValue: (path: string, layer: string) => boolean
  readonly clock: Pick<Clock, 'now'>
  /** Places of one run whose answers ingest keeps. */
  readonly entriesMax: number
}

/** Priority files whose neighbours in the models are asked for, the first ones; so many at once. */
const CORRELATED_FROM_MAX = 1_000
const ASKED_AT_ONCE = 16

/** Part of the time that a run has left that following imports may take; the rest is for warming. */
const FOLLOW_SHARE = 1 / 3

/** Latest sessions whose analyzers' profiles are asked for. */
const SESSIONS_ASKED = 8

export class Planner {
  readonly #deps: PlannerDeps

  constructor(deps: PlannerDeps) {
    this.#deps = deps
  }

  /**
   * Rejects with what a person has to mend (an unknown workspace, a ref that is not there, an origin without a listing),
   * or with a retriable error while something is away.
   */
  async plan(request: WarmRequest, spec: RunSpec, signal: AbortSignal): Promise<FollowedPlan> {
    if (spec.retryOf !== null) return this.#retry(request.workspace, spec.retryOf, spec.filesMax)
    const known = this.#deps.origins(request.workspace)
    if (known === null) throw unknownWorkspace(request.workspace)
    const origin = known.at(request.revision)
    const listing = new Listing(origin, this.#deps.isName)
    const nowMs = this.#deps.clock.now()
    const { workspace } = request
    const priority = await this.#priority(request, spec, { origin, listing, nowMs, signal })
    const paths = priority.map(({ path }) => path)
    const timeMs = Math.max(0, FOLLOW_SHARE * (request.deadlineMs - this.#deps.clock.now()))
    const wanted = { workspace, origin, paths, depth: spec.dependencyDepth, timeMs }
    // Where every file is a priority file there is nothing that imports could add.
    const follow = spec.dependencyDepth > 0 && !listing.isWithin(paths)
    const followed = follow ? await this.#deps.dependencies(wanted, signal) : null
    const imported = followed === null ? [] : imports(followed.depths, nowMs)
    const predicted = spec.predictivePrefetch
      ? await this.#predicted(workspace, paths, { options: { ...spec, nowMs }, listing, signal })
      : []
    return { ...this.#order([...priority, ...imported, ...predicted], request, spec), ...incompleteness(followed) }
  }

  #order(paths: readonly PlannedPath[], { layers }: WarmRequest, { filesMax }: RunSpec): OrderedPlan {
    try {
      return orderPlan(paths, {
        layers: layers.length === 0 ? ['content'] : [...new Set(layers)],
        filesMax,
        entriesMax: this.#deps.entriesMax,
        hasValue: this.#deps.hasValue,
      })
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      throw new ForewarmError('FW_STRATEGY_INVALID', cause.message, { cause })
    }
  }

  async #priority(
    request: WarmRequest,
    spec: RunSpec,
    context: { origin: Origin; listing: Listing; nowMs: number; signal: AbortSignal },
  ): Promise<readonly PlannedPath[]> {
    const found = new Map<string, string>(request.paths.map((path) => [path, 'request']))
    for (const selector of spec.selectors) {
      const { workspace } = request
      const paths = await selectFiles(selector, { ...context, workspace, models: this.#deps.models })
      const odd = paths.find((path) => !this.#deps.isName(path))
      if (odd !== undefined) throw noPath(selector.kind, odd)
      for (const path of paths) if (!found.has(path)) found.set(path, selector.kind)
    }
    return [...found].map(([path, reason]) => askedFor({ path, reason, depth: 0 }, context.nowMs))
  }

  async #predicted(
    workspace: string,
    priority: readonly string[],
    context: { options: PrefetchOptions; listing: Listing; signal: AbortSignal },
  ): Promise<readonly PlannedPath[]> {
    const { options, listing, signal } = context
    const { models } = this.#deps
    const found: PlannedPath[] = []
    for (let at = 0; at < Math.min(priority.length, CORRELATED_FROM_MAX); at += ASKED_AT_ONCE) {
      signal.throwIfAborted()
      const asked = priority.slice(at, Math.min(at + ASKED_AT_ONCE, CORRELATED_FROM_MAX))
      const files = await Promise.all(asked.map((path) => models.file(workspace, path)))
      for (const file of files) if (file !== null) found.push(...correlatedFiles(file, options))
    }
    const latest = await models.closedSessions(workspace, SESSIONS_ASKED)
    for (const analyzer of new Set(latest.map((session) => session.analyzer))) {
      const profile = await models.profile(workspace, analyzer)
      if (profile !== null) found.push(...profiledFiles(profile, options))
    }
    // Listing takes long: not where nothing has been learned yet.
    const known = found.length === 0 ? null : await listing.filesIfListed(signal)
    return known === null ? found : found.filter(({ path }) => known.has(path))
  }

  /** The files of a run that were not found in the cache at its end. */
  async #retry(workspace: string, id: string, filesMax: number): Promise<OrderedPlan> {
    const run = { workspace, id }
    const header = await this.#deps.notes.header(run)
    if (header === null) throw unknownRun(id)
    if (header.endedAtMs === null) throw new ForewarmError('FW_REQUEST_INVALID', `run ${id} has not ended yet`)
    const { planned } = header
    if (planned === null) throw new ForewarmError('FW_REQUEST_INVALID', `run ${id} was never planned: ${header.why}`)
    if ((await this.#deps.folded.run(workspace, id))?.kept === false) throw filesAreGone(id)
    const entries: PlanEntry[] = []
    for (let from = 0; from < planned.files; from += PLAN_CHUNK) {
      const count = Math.min(PLAN_CHUNK, planned.files - from)
      const chunk = await this.#deps.notes.entries(run, planned, { from, count })
      const folded = await this.#deps.folded.runFiles(run, from, count)
      const open = chunk.filter((_, at) => {
        const end = fileEnd(header, from + at, folded[at] ?? null)
        return !end.verified && !hasNoValue(end)
      })
      entries.push(...open.map((entry) => ({ ...entry, reason: 'retry' })))
    }
    return boundPlan(entries, filesMax === 0 ? entries.length : filesMax * header.layers.length)
  }
}

const incompleteness = (followed: FollowedImports | null): Pick<FollowedPlan, 'imports'> =>
  followed === null || followed.known === followed.asked
    ? {}
    : { imports: { known: followed.known, asked: followed.asked } }

/** A file that somebody asked for, or that such a file imports: sure, wanted now, and no claim of a read. */
const askedFor = (file: Pick<PlannedPath, 'path' | 'reason' | 'depth'>, nowMs: number): PlannedPath => ({
  ...file,
  probability: 1,
  expectedAtMs: nowMs,
  horizonAtMs: 0,
})

const imports = (depths: ReadonlyMap<string, number>, nowMs: number): PlannedPath[] =>
  [...depths].flatMap(([path, depth]) => (depth === 0 ? [] : [askedFor({ path, reason: 'dependency', depth }, nowMs)]))

const unknownWorkspace = (workspace: string): ForewarmError =>
  new ForewarmError(
    'FW_CONFIG_INVALID',
    `the workspace ${workspace} has no origin here: name it under workspaces in the settings of predict and warm`,
  )

const unknownRun = (id: string): ForewarmError =>
  new ForewarmError('FW_RUN_UNKNOWN', `there is no run ${id} to try again: see \`forewarm runs list\``)

const filesAreGone = (id: string): ForewarmError =>
  new ForewarmError('FW_RUN_UNKNOWN', `how each file of run ${id} ended is no longer kept: ask for its strategy again`)

const noPath = (kind: string, path: string): ForewarmError =>
  new ForewarmError(
    'FW_STRATEGY_INVALID',
    `the selector ${kind} names ${JSON.stringify(path.slice(0, 100))}, which is no path inside the workspace`,
  )
