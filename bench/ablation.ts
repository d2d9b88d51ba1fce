/**
 * Prints what each kind of evidence is worth: hit ratio (precision, warms inserted a read) of replays that do without it.
 *
 *   node bench/ablation.ts --traces DIR [--only NAME] [--rows N]
 *
 * DIR holds `<trace>.csv.gz`, and `graph/<workspace>.csv.gz` beside them. `--only` takes the columns whose names begin so,
 * `--rows` plays the first rows alone.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readTrace } from '../src/adapters/trace/trace-rows.ts'
import { playTrace } from '../src/cli/replay.ts'
import { EVIDENCE, type Evidence } from '../src/model/prediction/candidates.ts'
import type { Aggressiveness } from '../src/model/prediction/predictor.ts'
import { capacityOf, distinctFilesOf, prefixOf } from '../src/model/replay/trace.ts'
import { graphsBeside, NO_GRAPHS } from './graphs.ts'

type Place = {
  readonly trace: string
  readonly hasGraph: boolean
  readonly capacity: string
  readonly latencyMs: number
  readonly aggressiveness: Aggressiveness
}

const fleet = { capacity: '10%', latencyMs: 0, aggressiveness: 'medium', hasGraph: true } as const
const git = { ...fleet, capacity: '5%', aggressiveness: 'high', hasGraph: false } as const

const PLACES: readonly Place[] = [
  { ...fleet, trace: 'fleet_mix16' },
  { ...fleet, trace: 'fleet_mix16', hasGraph: false },
  { ...fleet, trace: 'fleet_nightly', latencyMs: 1000 },
  { ...fleet, trace: 'tool_go', hasGraph: false },
  { ...git, trace: 'git_py' },
  { ...git, trace: 'git_terraform' },
]

/** Nothing first, to compare with. */
const LEFT_OUT: readonly (readonly Evidence[])[] = [[], ...EVIDENCE.map((name) => [name])]

const { values } = parseArgs({
  options: {
    traces: { type: 'string' },
    only: { type: 'string', default: '' },
    rows: { type: 'string', default: 'Infinity' },
  },
})
if (values.traces === undefined) throw new Error('--traces DIR is missing: the folder of the recorded traces')
const folder = values.traces
const graphs = await graphsBeside(folder)

console.log('| trace | without | hit | p | i | misses removed |\n| --- | --- | --- | --- | --- | --- |')
for (const place of PLACES.filter(({ trace }) => trace.startsWith(values.only))) await ablate(place)

async function ablate(place: Place): Promise<void> {
  const trace = prefixOf(await readTrace(join(folder, `${place.trace}.csv.gz`)), Number(values.rows))
  const capacityFiles = capacityOf(place.capacity, distinctFilesOf(trace))
  const { latencyMs, aggressiveness, hasGraph } = place
  const name = `${place.trace}${hasGraph ? ' + graph' : ''}, ${place.capacity}, ${latencyMs} ms, ${aggressiveness}`
  for (const without of LEFT_OUT.filter((names) => hasGraph || !names.some(needsGraph))) {
    const options = { predictor: 'learned', capacityFiles, latencyMs, aggressiveness, without } as const
    const { report } = await playTrace(trace, hasGraph ? graphs : NO_GRAPHS, options)
    const figures = [report.hit, report.precision ?? 1, report.perRead, report.missReduction]
    const cells = [name, without.join(', ') || 'nothing', ...figures.map((figure) => figure.toFixed(3))]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

function needsGraph(name: Evidence): boolean {
  return name === 'import' || name === 'tree'
}
