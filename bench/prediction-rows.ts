/** What `bench/prediction.ts` plays, what is wanted there, and what others reached. */
import type { Aggressiveness } from '../src/model/prediction/predictor.ts'

export type Row = {
  readonly trace: string
  readonly graph?: boolean
  readonly capacity: string
  readonly latencyMs: number
  readonly aggressiveness?: Aggressiveness
  /** Wanted: hit ratio, or the share of LRU's misses removed. */
  readonly hit?: number
  readonly removed?: number
  readonly precision: number
  readonly inserted: number
  readonly anchors?: Anchors
}

/**
 * Hit ratios that others reach with warms that take no time, by libCacheSim and an experiment of 2026-11-22; in brackets
 * precision and insertions a read. `prefetchers` is the best of Mithril and PG in eight settings, chosen afterwards.
 */
export type Anchors = {
  /** The best of S3-FIFO, SIEVE and ARC. */
  readonly policies: string
  /** Mithril in its default setting. */
  readonly mithril: string
  readonly prefetchers: string
  readonly experiment: string
}

const anchors = (policies: string, mithril: string, prefetchers: string, experiment: string): Anchors => ({
  ...{ policies, mithril, prefetchers, experiment },
})

const MIX_10 = anchors('.601', '.711', '.923 (.13, 4.1)', '.943 (.75, .54)')
const MIX_1 = anchors('.342', '.495', '.774 (.57, .89)', '.899 (.71, .85)')

/** Anchors of git traces at 5 %; for the others nothing was measured. */
const GIT: ReadonlyMap<string, Anchors> = new Map([
  ['git_js', anchors('.662', '.634', '.747 (.07, 6.7)', '.743 (.22, .94)')],
  ['git_py', anchors('.690', '.658', '.754 (.06, 9.2)', '.773 (.24, .93)')],
  ['git_rustanalyzer', anchors('.777', '.751', '.810 (.06, 7.9)', '.833 (.21, .87)')],
])

const GIT_TRACES = ['js', 'py', 'prometheus', 'terraform', 'rustanalyzer'].map((name) => `git_${name}`)
const OTHER_TRACES = ['fleet_mix16', 'tool_py', 'tool_js', 'tool_go', 'fleet_nightly']

const mix = { trace: 'fleet_mix16', capacity: '10%', latencyMs: 0, precision: 0.8, inserted: 0.6 } as const

export const ROWS: readonly Row[] = [
  { ...mix, graph: true, hit: 0.97, anchors: MIX_10 },
  { ...mix, hit: 0.942, anchors: MIX_10 },
  { ...mix, graph: true, latencyMs: 10, hit: 0.915, precision: 0.7, inserted: 0.7 },
  { ...mix, graph: true, latencyMs: 50, hit: 0.86, precision: 0.6, inserted: 0.8 },
  { ...mix, graph: true, capacity: '1%', hit: 0.9, precision: 0.7, inserted: 1, anchors: MIX_1 },
  {
    ...{ trace: 'tool_py', graph: true, capacity: '10%', latencyMs: 0, hit: 0.955, precision: 0.8, inserted: 1.2 },
    anchors: anchors('.380', '.482', '.922 (.19, 4.6)', '.935 (.66, 1.2)'),
  },
  {
    ...{ trace: 'tool_js', graph: true, capacity: '10%', latencyMs: 0, hit: 0.97, precision: 0.85, inserted: 0.6 },
    anchors: anchors('.658', '.796', '.948 (.66, .52)', '.948 (.95, .33)'),
  },
  {
    ...{ trace: 'tool_go', capacity: '10%', latencyMs: 0, hit: 0.905, precision: 0.75, inserted: 1.2 },
    anchors: anchors('.267', '.718', '.908 (.36, 2.2)', '.909 (.66, 1.2)'),
  },
  { trace: 'fleet_nightly', graph: true, capacity: '10%', latencyMs: 1000, hit: 0.8, precision: 0.7, inserted: 0.4 },
  ...gitRows('high', { removed: 0.25, precision: 0.25, inserted: 1 }),
  ...gitRows('low', { removed: 0.15, precision: 0.5, inserted: 0.3 }),
]

function gitRows(
  aggressiveness: Aggressiveness,
  wanted: { removed: number; precision: number; inserted: number },
): Row[] {
  return GIT_TRACES.map((trace) => {
    const known = GIT.get(trace)
    return {
      ...{ trace, capacity: '5%', latencyMs: 0, aggressiveness, ...wanted },
      ...(known !== undefined && { anchors: known }),
    }
  })
}

/** Every trace at four capacities and two delays: warming must never be below LRU. */
export const FLOOR_ROWS: readonly Row[] = [...OTHER_TRACES, ...GIT_TRACES].flatMap((trace) =>
  ['1%', '5%', '10%', '25%'].flatMap((capacity) =>
    [0, 50].map((latencyMs) => ({
      ...{ trace, capacity, latencyMs, graph: OTHER_TRACES.includes(trace) && trace !== 'tool_go' },
      ...{ removed: 0, precision: 0, inserted: Number.POSITIVE_INFINITY },
    })),
  ),
)

/** Wanted of the ranked lists on fleets. */
export const NEXT20_WANTED = { precisionAt10: 0.85, recallAt20: 0.68 } as const
