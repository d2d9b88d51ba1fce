import type { CommandFile, WarmCommand } from './command.ts'

/** Bounds that each command carries. */
export type CommandBounds = {
  readonly filesMax: number
  readonly bytesMax: number
  readonly pressureMax: number
}

export type CommandOrigin = {
  readonly workspace: string
  readonly shard: number
  readonly session: string | null
  readonly revision: string | null
  readonly issuedAtMs: number
}

/** A predicted file before it is put into a command. */
export type PlannedFile = {
  readonly path: string
  readonly probability: number
  readonly reason: string
  readonly expectedAtMs: number
  readonly horizonAtMs: number
  readonly control: boolean
}

/**
 * Cuts predicted files into commands. `id` names the n-th command; the same id for the same records makes a command
 * that is issued again after a crash the same command. A command ends when the last of its files is hardly awaited any
 * more.
 */
export function commandsForPredictions(
  origin: CommandOrigin,
  files: readonly PlannedFile[],
  { id, ...bounds }: CommandBounds & { readonly id: (index: number) => string },
): WarmCommand[] {
  return chunked(files, bounds.filesMax).map((chunk, index) => ({
    ...origin,
    id: id(index),
    runId: null,
    ...OUTSIDE_RUNS,
    deadlineMs: Math.max(...chunk.map((file) => deadlineOf(file, origin.issuedAtMs))),
    bytesMax: bounds.bytesMax,
    pressureMax: bounds.pressureMax,
    files: chunk.map((file) => commandFile(file)),
  }))
}

/** A read comes later than expected by this, ms, ... */
const SLACK_MS = 5_000

/** ... and by as much again as it was away. After that it has come or will not; the prediction's own claim ends it too. */
const deadlineOf = ({ expectedAtMs, horizonAtMs }: PlannedFile, issuedAtMs: number): number =>
  Math.min(horizonAtMs, expectedAtMs + SLACK_MS + (expectedAtMs - issuedAtMs))

/** What only commands of runs set otherwise. */
const OUTSIDE_RUNS = { mode: 'warm', firstFile: 0, parallelMax: 0, bytesPerSecondMax: 0 } as const

const commandFile = (file: PlannedFile): CommandFile => ({ ...file, layer: 'content', version: null })

function chunked<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = []
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size))
  return chunks
}
