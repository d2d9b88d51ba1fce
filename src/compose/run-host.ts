/**
 * Sees to it that somebody carries a run out. A distributed deployment has its processes. An embedded one may have a
 * `forewarm up`; where none works on the file, this process takes its place as long as it waits for its run.
 */
import { ForewarmError } from '../ports/errors.ts'
import type { Parts } from './parts.ts'
import { runStagesHere, type StagesHere } from './stages.ts'
import { findUp } from './up-lock.ts'

export type RunHost = {
  /** To be called again and again while a run is waited for: takes over where the one who worked on the file is gone. */
  ensure(): Promise<void>
  /** Rejects when a stage of this process cannot go on; never resolves. */
  readonly failed: Promise<never>
  /** Stops what runs in this process. */
  stop(): Promise<void>
}

export function createRunHost(parts: Parts): RunHost {
  const { mode, embedded } = parts.settings
  let here: StagesHere | null = null
  let fail: (cause: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  return {
    failed,
    async ensure() {
      if (here !== null || mode === 'distributed' || findUp(embedded.file) !== null) return
      here = await runStagesHere(parts).catch(othersWereFirst)
      here?.failed.catch(fail)
    },
    stop: async () => here?.stop(),
  }
}

/** Of two that saw nobody at work, one got the lock. */
function othersWereFirst(cause: unknown): null {
  const lost = cause instanceof ForewarmError ? cause.code === 'FW_CONFIG_INVALID' : isExisting(cause)
  if (lost) return null
  throw cause
}

const isExisting = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
