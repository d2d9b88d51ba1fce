/** All stages of a deployment in one process: `forewarm up`, and programs and commands that need a run carried out. */
import type { PredictHandler } from '../flows/predict/handler.ts'
import { startIngest } from './ingest.ts'
import type { Parts } from './parts.ts'
import { startPredict } from './predict.ts'
import { anyFailed, type Stage } from './stage.ts'
import { findUp, lockUp } from './up-lock.ts'
import { startPointers, startWarm } from './warm.ts'

export type StartedStages = { readonly stages: readonly Stage[]; readonly explain: PredictHandler['explain'] }

/** Starts every stage but the gateway. */
export async function startStages(parts: Parts): Promise<StartedStages> {
  const ingest = await startIngest(parts)
  const predict = await startPredict(parts)
  const warm = await startWarm(parts)
  const pointers = await startPointers(parts)
  return { stages: [ingest, predict, warm, pointers], explain: predict.explain }
}

export type StagesHere = {
  /** Rejects when a stage cannot go on; never resolves. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

const NOTHING_HERE: StagesHere = { failed: new Promise<never>(() => {}), stop: async () => {} }

/**
 * Runs the stages of an embedded deployment in this process, unless a `forewarm up` works on the same file already. Those
 * of a distributed one run elsewhere.
 */
export async function runStagesHere(parts: Parts): Promise<StagesHere> {
  const { mode, embedded, workspaces } = parts.settings
  if (mode === 'distributed' || findUp(embedded.file) !== null) return NOTHING_HERE
  const lock = lockUp(embedded.file, [...workspaces.keys()])
  try {
    const { stages } = await startStages(parts)
    const stop = async () => {
      await Promise.all(stages.map((stage) => stage.stop()))
      lock.release()
    }
    return { failed: anyFailed(stages), stop }
  } catch (cause) {
    lock.release()
    throw cause
  }
}
