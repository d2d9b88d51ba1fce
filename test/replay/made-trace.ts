import type { PredictorGraph } from '../../src/model/prediction/predictor.ts'
import { buildTrace } from '../../src/model/replay/build-trace.ts'
import type { Trace, TraceRow } from '../../src/model/replay/trace.ts'

/** A small reproducible generator (mulberry32): numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export type MadeFleet = {
  readonly seed: number
  readonly workspaces: readonly string[]
  readonly sessions: number
  readonly filesPerWorkspace: number
  /** Start of the first session, and the gap to the next, in milliseconds. */
  readonly startMs?: number
  readonly gapMs?: number
}

/** The same with each workspace's files in a folder of its name: repositories hardly share the paths of what is their own. */
export function withOwnPaths(trace: Trace): Trace {
  return { ...trace, files: trace.files.map(({ workspace, path }) => ({ workspace, path: `${workspace}/${path}` })) }
}

const ANALYZERS: readonly string[] = ['lint', 'types', 'unit']

/** Sessions of three analyzers over a few workspaces: each reads its own stretch of the tree, nearly in order. */
export function madeFleet(fleet: MadeFleet): { trace: Trace; graphs: Map<string, PredictorGraph> } {
  const random = seeded(fleet.seed)
  const rows: TraceRow[] = []
  const graphs = new Map(fleet.workspaces.map((name) => [name, graphOf(fleet.filesPerWorkspace)]))
  for (let nth = 0; nth < fleet.sessions; nth++) {
    const workspace = fleet.workspaces[nth % fleet.workspaces.length] ?? ''
    const analyzer = ANALYZERS[Math.floor(nth / fleet.workspaces.length) % ANALYZERS.length] ?? 'lint'
    let timeMs = (fleet.startMs ?? 1_000_000) + nth * (fleet.gapMs ?? 40)
    for (const path of pathsOf(analyzer, fleet.filesPerWorkspace, random)) {
      timeMs += Math.floor(random() * 4)
      rows.push({ timeMs, workspace, session: `${workspace}:${nth}:${analyzer}`, path })
    }
  }
  rows.sort((a, b) => a.timeMs - b.timeMs)
  return { trace: buildTrace(rows), graphs }
}

function pathAt(file: number): string {
  return `src/part${Math.floor(file / 12)}/file${file}.ts`
}

function graphOf(files: number): PredictorGraph {
  const paths = Array.from({ length: files }, (_, file) => pathAt(file))
  const edges = paths.slice(1).map((path, nth): [string, string] => [paths[nth] ?? path, path])
  return { files: paths, edges }
}

function pathsOf(analyzer: string, files: number, random: () => number): string[] {
  const from = Math.floor((ANALYZERS.indexOf(analyzer) * files) / 6)
  const order = Array.from({ length: Math.floor(files / 2) }, (_, nth) => from + nth).filter(() => random() > 0.05)
  for (let at = 1; at < order.length; at++) {
    const [left, right] = [order[at - 1] ?? 0, order[at] ?? 0]
    if (random() < 0.1) [order[at - 1], order[at]] = [right, left]
  }
  return order.map(pathAt)
}

/** Nightly sessions of one analyzer at two o'clock, and others at made-up hours of the day, for `days` days. */
export function madeNights(seed: number, days: number): Trace {
  const random = seeded(seed)
  const rows: TraceRow[] = []
  const midnightMs = Date.UTC(2026, 0, 5)
  for (let day = 0; day < days; day++) {
    const nightMs = midnightMs + day * 86_400_000 + 2 * 3_600_000 + Math.floor(random() * 60_000)
    addRun(rows, { startMs: nightMs, session: `shop:${day}:nightly`, from: 0, random })
    for (let run = 0; run < 6; run++) {
      const startMs = midnightMs + day * 86_400_000 + Math.floor((8 + 11 * random()) * 3_600_000)
      addRun(rows, { startMs, session: `shop:${day}x${run}:lint`, from: 120 + Math.floor(random() * 400), random })
    }
  }
  return buildTrace(rows.sort((a, b) => a.timeMs - b.timeMs))
}

function addRun(rows: TraceRow[], run: { startMs: number; session: string; from: number; random: () => number }): void {
  let timeMs = run.startMs
  for (let nth = 0; nth < 100; nth++) {
    timeMs += Math.floor(run.random() * 5)
    rows.push({ timeMs, workspace: 'shop', session: run.session, path: pathAt(run.from + nth) })
  }
}

/** The same reads, with `times` as long between them. */
export function slowed(given: Trace, times: number): Trace {
  const fromMs = given.timeMs[0] ?? 0
  return { ...given, timeMs: given.timeMs.map((timeMs) => fromMs + times * (timeMs - fromMs)) }
}
