/**
 * Sees to it that somebody carries a run out. A distributed deployment has its processes. An embedded one may have a
 * `forewarm up`; where none works on the file, this process takes its place as long as it waits for its run.
 */
import type { Settings } from '../config/schema.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { Parts } from './parts.ts'
import { runStagesHere, type StagesHere } from './stages.ts'
import { findUp } from './up-lock.ts'

export type RunHost = {
  /** Whether somebody carries runs out now, as far as can be told from here. */
  isThere(): boolean
  /** To be called again and again while a run is waited for: takes over where the one who worked on the file is gone. */
  ensure(): Promise<void>
  /** Rejects when a stage of this process cannot go on; never resolves. */
  readonly failed: Promise<never>
  /** Stops what runs in this process. */
  stop(): Promise<void>
}

export function createRunHost(parts: Parts): RunHost {
  const { mode, embedded } = parts.settings
  const own = { ...parts, settings: withoutTriggers(parts.settings) }
  let here: StagesHere | null = null
  let fail: (cause: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  return {
    failed,
    isThere: () => here !== null || mode === 'distributed' || findUp(embedded.file) !== null,
    async ensure() {
      if (here !== null || mode === 'distributed' || findUp(embedded.file) !== null) return
      here = await runStagesHere(own).catch(othersWereFirst)
      here?.failed.catch(fail)
    },
    stop: async () => here?.stop(),
  }
}

/** Waiting for a run is no start of the deployment, and nothing waits here for the next time of a schedule. */
function withoutTriggers(settings: Settings): Settings {
  const workspaces = [...settings.workspaces].map(
    ([name, one]) => [name, { ...one, schedule: [], atStart: [] }] as const,
  )
  const strategies = [...settings.strategies].map(([name, one]) => [name, { ...one, schedule: [] }] as const)
  return { ...settings, workspaces: new Map(workspaces), strategies: new Map(strategies) }
}

/** Of two that saw nobody at work, one got the lock. */
function othersWereFirst(cause: unknown): null {
  const lost = cause instanceof ForewarmError ? cause.code === 'FW_CONFIG_INVALID' : isExisting(cause)
  if (lost) return null
  throw cause
}

const isExisting = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
