/**
 * Prints what the learned predictor reaches on real traces, beside what it must reach and what others reached:
 *
 *   node bench/prediction.ts --traces DIR [--only NAME] [--floors] [--next20]
 *
 * DIR holds `<trace>.csv.gz`, and `graph/<workspace>.csv.gz` beside them. One default configuration plays all rows.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readGraphFiles } from '../src/adapters/trace/graph-file.ts'
import { readTrace } from '../src/adapters/trace/trace-rows.ts'
import { playTrace } from '../src/cli/replay.ts'
import type { Aggressiveness, PredictorGraph } from '../src/model/prediction/predictor.ts'
import { capacityOf, distinctFilesOf, type Trace } from '../src/model/replay/trace.ts'

type Row = {
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
  /** The best hit ratio of Mithril and PG in eight settings, chosen afterwards, with its precision and traffic. */
  readonly prefetchers?: string
}

const ROWS: readonly Row[] = [
  {
    trace: 'fleet_mix16',
    graph: true,
    capacity: '10%',
    latencyMs: 0,
    hit: 0.97,
    precision: 0.8,
    inserted: 0.6,
    prefetchers: '.923 (.13, 4.1)',
  },
  {
    trace: 'fleet_mix16',
    capacity: '10%',
    latencyMs: 0,
    hit: 0.942,
    precision: 0.8,
    inserted: 0.6,
    prefetchers: '.923 (.13, 4.1)',
  },
  { trace: 'fleet_mix16', graph: true, capacity: '10%', latencyMs: 10, hit: 0.915, precision: 0.7, inserted: 0.7 },
  { trace: 'fleet_mix16', graph: true, capacity: '10%', latencyMs: 50, hit: 0.86, precision: 0.6, inserted: 0.8 },
  {
    trace: 'fleet_mix16',
    graph: true,
    capacity: '1%',
    latencyMs: 0,
    hit: 0.9,
    precision: 0.7,
    inserted: 1,
    prefetchers: '.774 (.57, .89)',
  },
  {
    trace: 'tool_py',
    graph: true,
    capacity: '10%',
    latencyMs: 0,
    hit: 0.955,
    precision: 0.8,
    inserted: 1.2,
    prefetchers: '.922 (.19, 4.6)',
  },
  {
    trace: 'tool_js',
    graph: true,
    capacity: '10%',
    latencyMs: 0,
    hit: 0.97,
    precision: 0.85,
    inserted: 0.6,
    prefetchers: '.948 (.66, .52)',
  },
  {
    trace: 'tool_go',
    capacity: '10%',
    latencyMs: 0,
    hit: 0.905,
    precision: 0.75,
    inserted: 1.2,
    prefetchers: '.908 (.36, 2.2)',
  },
  { trace: 'fleet_nightly', graph: true, capacity: '10%', latencyMs: 1000, hit: 0.8, precision: 0.7, inserted: 0.4 },
  ...gitRows('high', { removed: 0.25, precision: 0.25, inserted: 1 }),
  ...gitRows('low', { removed: 0.15, precision: 0.5, inserted: 0.3 }),
]

const FLOOR_TRACES = ['fleet_mix16', 'tool_py', 'tool_js', 'tool_go', 'fleet_nightly', ...gitTraces()]

function gitTraces(): string[] {
  return ['js', 'py', 'prometheus', 'terraform', 'rustanalyzer'].map((name) => `git_${name}`)
}

function gitRows(
  aggressiveness: Aggressiveness,
  wanted: { removed: number; precision: number; inserted: number },
): Row[] {
  return gitTraces().map((trace) => ({ trace, capacity: '5%', latencyMs: 0, aggressiveness, ...wanted }))
}

/** Every trace at four capacities and two latencies: warming must never be below LRU. */
function floorRows(): Row[] {
  const places = FLOOR_TRACES.flatMap((trace) => ['1%', '5%', '10%', '25%'].map((capacity) => ({ trace, capacity })))
  return places.flatMap((place) =>
    [0, 50].map((latencyMs) => ({
      ...place,
      ...{ latencyMs, graph: !place.trace.startsWith('git') && place.trace !== 'tool_go' },
      ...{ removed: 0, precision: 0, inserted: Number.POSITIVE_INFINITY },
    })),
  )
}

const { values } = parseArgs({
  options: {
    traces: { type: 'string' },
    only: { type: 'string' },
    floors: { type: 'boolean', default: false },
    next20: { type: 'boolean', default: false },
  },
})
if (values.traces === undefined) throw new Error('--traces DIR is missing: the folder of the recorded traces')
const folder = values.traces

const graphFiles = readdirSync(join(folder, 'graph')).map((name) => join(folder, 'graph', name))
const graphs = await readGraphFiles(graphFiles)
const none = new Map<string, PredictorGraph>()
let loaded: { name: string; trace: Trace } | undefined

async function traceOf(name: string): Promise<Trace> {
  if (loaded?.name !== name) loaded = { name, trace: await readTrace(join(folder, `${name}.csv.gz`)) }
  return loaded.trace
}

const TITLE =
  '| trace | cache, latency | setting | LRU | hit (wanted) | misses removed (wanted) | p (wanted) | i (at most) | touches | reads/s | Mithril, PG, best (p, i) | reached |'
console.log(`${TITLE}\n${TITLE.replaceAll(/[^|]+/g, '---')}`)
for (const row of values.floors ? floorRows() : ROWS) {
  if (values.only !== undefined && !row.trace.startsWith(values.only)) continue
  console.log(await lineOf(row))
}

async function lineOf(row: Row): Promise<string> {
  const trace = await traceOf(row.trace)
  const capacityFiles = capacityOf(row.capacity, distinctFilesOf(trace))
  const options = { capacityFiles, latencyMs: row.latencyMs, aggressiveness: row.aggressiveness ?? 'medium' } as const
  const before = process.cpuUsage()
  const play = { ...options, predictor: 'learned', next20: values.next20 } as const
  const { report } = await playTrace(trace, row.graph ? graphs : none, play)
  const { user, system } = process.cpuUsage(before)
  const readsPerSecond = Math.round((1_000_000 * report.reads) / (user + system))
  const precision = report.precision ?? 1
  const reached =
    report.hit >= (row.hit ?? 0) &&
    report.missReduction >= (row.removed ?? Number.NEGATIVE_INFINITY) &&
    precision >= row.precision &&
    report.perRead <= row.inserted &&
    report.touchesPerRead <= 3
  const { next20 } = report
  const cells = [
    `${row.trace}${row.graph ? ' + graph' : ''}`,
    `${row.capacity}, ${row.latencyMs} ms`,
    options.aggressiveness,
    report.baselineHit.toFixed(3),
    wanted(report.hit, row.hit),
    wanted(report.missReduction, row.removed),
    wanted(precision, row.precision),
    wanted(report.perRead, row.inserted),
    report.touchesPerRead.toFixed(2),
    String(readsPerSecond),
    row.prefetchers ?? '',
    `${reached ? 'yes' : 'no'}${next20 === undefined ? '' : ` P@10 ${next20.precisionAt10.toFixed(3)} R@20 ${next20.recallAt20.toFixed(3)}`}`,
  ]
  return `| ${cells.join(' | ')} |`
}

function wanted(value: number, bound: number | undefined): string {
  const text = value.toFixed(3)
  return bound === undefined || !Number.isFinite(bound) ? text : `${text} (${bound})`
}
