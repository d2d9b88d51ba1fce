/**
 * Prints what the product's own cache makes of the learned predictor's decisions, beside plain LRU:
 *
 *   npm run bench:policy -- --traces DIR [--only NAME] [--rows N] [--latency MS]
 *
 * DIR as for bench/prediction.ts; graphs for all but git traces, which play at high aggressiveness. `--rows` plays the
 * first rows alone. A row is reached when the product's cache is nowhere below LRU, with or without warming.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readTrace } from '../src/adapters/trace/trace-rows.ts'
import { playTrace } from '../src/cli/replay.ts'
import { capacityOf, distinctFilesOf, prefixOf, type Trace } from '../src/model/replay/trace.ts'
import { graphsBeside, NO_GRAPHS } from './graphs.ts'
import { FLOOR_ROWS } from './prediction-rows.ts'

const CAPACITIES = ['1%', '5%', '10%']

const { values } = parseArgs({
  options: {
    traces: { type: 'string' },
    only: { type: 'string', default: '' },
    rows: { type: 'string', default: 'Infinity' },
    latency: { type: 'string', default: '0' },
  },
})
if (values.traces === undefined) throw new Error('--traces: name the folder of the recorded traces')
const folder = values.traces
const [rowsMax, latencyMs] = [Number(values.rows), Number(values.latency)]
const names = [...new Set(FLOOR_ROWS.map(({ trace }) => trace))].filter((name) => name.startsWith(values.only))
if (names.length === 0) throw new Error(`--only ${values.only}: no trace is called so`)
const graphs = await graphsBeside(folder)

print(['trace', 'cache', 'LRU', 'own policy', 'LRU, warming', 'own policy, warming', 'refused', 'reached'])
print(Array.from({ length: 8 }, () => '---'))
for (const name of names) {
  const trace = prefixOf(await readTrace(join(folder, `${name}.csv.gz`)), rowsMax)
  for (const capacity of CAPACITIES) print(await play(name, trace, capacity))
}

async function play(name: string, trace: Trace, capacity: string): Promise<readonly string[]> {
  const isGit = name.startsWith('git_')
  const { report } = await playTrace(trace, isGit ? NO_GRAPHS : graphs, {
    ...{ predictor: 'learned', aggressiveness: isGit ? 'high' : 'medium', latencyMs },
    capacityFiles: capacityOf(capacity, distinctFilesOf(trace)),
  })
  const { baselineHit, hit, ownPolicy } = report
  const isReached = ownPolicy.baselineHit >= baselineHit && ownPolicy.hit >= Math.max(hit, baselineHit)
  const ratios = [baselineHit, ownPolicy.baselineHit, hit, ownPolicy.hit].map((ratio) => ratio.toFixed(4))
  return [name, capacity, ...ratios, String(ownPolicy.refused), isReached ? 'yes' : 'no']
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}
