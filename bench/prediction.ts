/**
 * Prints what the learned predictor reaches on real traces, beside what it must reach and what others reached:
 *
 *   npm run bench:prediction -- --traces DIR [--only NAME] [--floors] [--next20] [--predictor NAME]
 *
 * DIR holds `<trace>.csv.gz`, and `graph/<workspace>.csv.gz` beside them. Each row is a replay through the product's own
 * fold and predictor, from cold; one default configuration plays all rows. `--only` takes the traces whose names begin
 * so, `--floors` plays every trace at four capacities and two delays. Reads a second are those of one core, by the
 * processor time that the whole replay took, without reading the trace.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readTrace } from '../src/adapters/trace/trace-rows.ts'
import { playTrace } from '../src/cli/replay.ts'
import { REPLAY_PREDICTORS } from '../src/compose/replay.ts'
import type { ReplayReport } from '../src/model/replay/report.ts'
import { capacityOf, distinctFilesOf, type Trace } from '../src/model/replay/trace.ts'
import { graphsBeside, NO_GRAPHS } from './graphs.ts'
import { FLOOR_ROWS, NEXT20_WANTED, ROWS, type Row } from './prediction-rows.ts'

const { values } = parseArgs({
  options: {
    traces: { type: 'string' },
    only: { type: 'string', default: '' },
    floors: { type: 'boolean', default: false },
    next20: { type: 'boolean', default: false },
    predictor: { type: 'string', default: 'learned' },
  },
})
const folder = folderOf(values.traces)
const predictor = REPLAY_PREDICTORS.find((name) => name === values.predictor)
if (predictor === undefined) throw new Error(`--predictor ${values.predictor}: one of ${REPLAY_PREDICTORS.join(', ')}`)
const rows = (values.floors ? FLOOR_ROWS : ROWS).filter(({ trace }) => trace.startsWith(values.only))
if (rows.length === 0) throw new Error(`--only ${values.only}: no row is of such a trace`)

/** Renewals a read that no row may exceed. */
const TOUCHES_MAX = 3
const graphs = await graphsBeside(folder)
let loaded: { readonly name: string; readonly trace: Trace } | undefined

const TITLES = [
  ...['trace', 'cache, delay', 'setting', 'LRU', 'S3-FIFO, SIEVE, ARC', 'Mithril', 'Mithril, PG, best (p, i)'],
  ...['experiment (p, i)', 'Belady', 'infinite', 'hit (wanted)', 'misses removed (wanted)', 'p (wanted)'],
  ...['i (at most)', 'touches', ...(values.next20 ? ['P@10 (wanted)', 'R@20 (wanted)'] : []), 'reads/s', 'reached'],
]
print(TITLES)
print(TITLES.map(() => '---'))
let reached = 0
for (const row of rows) {
  const played = await play(row)
  reached += Number(played.isReached)
  print(played.cells)
}
const rssMiB = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(`\n${reached} of ${rows.length} rows reached; ${rssMiB} MiB of memory at the most`)

function folderOf(named: string | undefined): string {
  if (named !== undefined && existsSync(named)) return named
  throw new Error(`--traces ${named ?? ''}: name the folder of the recorded traces`)
}

async function traceOf(name: string): Promise<Trace> {
  if (loaded?.name !== name) loaded = { name, trace: await readTrace(join(folder, `${name}.csv.gz`)) }
  return loaded.trace
}

async function play(row: Row): Promise<{ readonly cells: readonly string[]; readonly isReached: boolean }> {
  const trace = await traceOf(row.trace)
  const options = {
    ...{ predictor: predictor ?? 'learned', next20: values.next20 },
    ...{ capacityFiles: capacityOf(row.capacity, distinctFilesOf(trace)), latencyMs: row.latencyMs },
    aggressiveness: row.aggressiveness ?? 'medium',
  } as const
  const before = process.cpuUsage()
  const { report } = await playTrace(trace, row.graph ? graphs : NO_GRAPHS, options)
  const { user, system } = process.cpuUsage(before)
  const isReached = reaches(row, report)
  const cells = [
    `${row.trace}${row.graph ? ' + graph' : ''}`,
    `${row.capacity}, ${row.latencyMs} ms`,
    options.aggressiveness,
    ...figures(row, report),
    String(Math.round((1_000_000 * report.reads) / (user + system))),
    isReached ? 'yes' : 'no',
  ]
  return { cells, isReached }
}

function figures({ anchors, ...row }: Row, report: ReplayReport): string[] {
  const { next20 } = report
  return [
    report.baselineHit.toFixed(3),
    anchors?.policies ?? '',
    anchors?.mithril ?? '',
    anchors?.prefetchers ?? '',
    anchors?.experiment ?? '',
    report.beladyHit.toFixed(3),
    (1 - report.distinctFiles / report.reads).toFixed(3),
    wanted(report.hit, row.hit),
    wanted(report.missReduction, row.removed),
    wanted(report.precision ?? 1, row.precision),
    wanted(report.perRead, row.inserted),
    report.touchesPerRead.toFixed(2),
    ...(next20 === undefined
      ? []
      : [
          wanted(next20.precisionAt10, NEXT20_WANTED.precisionAt10),
          wanted(next20.recallAt20, NEXT20_WANTED.recallAt20),
        ]),
  ]
}

function reaches(row: Row, report: ReplayReport): boolean {
  return (
    report.hit >= (row.hit ?? 0) &&
    report.missReduction >= (row.removed ?? Number.NEGATIVE_INFINITY) &&
    (report.precision ?? 1) >= row.precision &&
    report.perRead <= row.inserted &&
    report.touchesPerRead <= TOUCHES_MAX
  )
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

function wanted(value: number, bound: number | undefined): string {
  const text = value.toFixed(3)
  return bound === undefined || !Number.isFinite(bound) ? text : `${text} (${bound})`
}
