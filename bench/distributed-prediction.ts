/**
 * Plays a recorded trace at its own pace through the whole system, embedded in one process and as several predict
 * processes on Kafka and Redis, and judges the decisions of both, beside those of `forewarm replay`:
 *
 *   npm run bench:distributed -- --traces DIR [--trace NAME] [--shards N] [--kill] [--only embedded,distributed,replay]
 *
 * DIR holds `<trace>.csv.gz`. None of the three is given a graph: the files of a trace are not there to be parsed. The
 * player is the fleet and its workers: it keeps the cache, carries commands out there, and tells what became of them
 * (test/support/fleet). A warm is readable `--latency` after the latest access that its predictor had seen, or when its
 * command comes, whichever is later. `--slower N` stretches the trace and all delays for a machine that is too busy;
 * `--rows N` plays only its first rows; `--kill` ends one predict process by SIGKILL at half time.
 */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readTrace } from '../src/adapters/trace/trace-rows.ts'
import type { Verdict } from '../src/model/replay/judge.ts'
import { capacityOf, distinctFilesOf, prefixOf, type Trace } from '../src/model/replay/trace.ts'
import { type FleetRun, type Quantiles, runFleet } from '../test/support/fleet/run.ts'
import { type FleetSystem, startDistributedFleet, startEmbeddedFleet } from '../test/support/fleet/systems.ts'
import { spawnForewarm } from '../test/support/process.ts'
import { openServers } from './servers.ts'

/** At which delays the decisions are judged, milliseconds of the trace. */
const LATENCIES_MS = [0, 10, 50, 100]

const { values } = parseArgs({
  options: {
    traces: { type: 'string' },
    trace: { type: 'string', default: 'fleet_mix16' },
    capacity: { type: 'string', default: '10%' },
    latency: { type: 'string', default: '50' },
    measured: { type: 'boolean', default: false },
    linger: { type: 'string', default: '5' },
    shards: { type: 'string', default: '1' },
    predictors: { type: 'string', default: '3' },
    slower: { type: 'string', default: '1' },
    rows: { type: 'string' },
    only: { type: 'string', default: 'embedded,distributed,replay' },
    kill: { type: 'boolean', default: false },
  },
})
if (values.traces === undefined) throw new Error('--traces DIR is missing: the folder of the recorded traces')

const file = join(values.traces, `${values.trace}.csv.gz`)
const whole = await readTrace(file)
const slower = Number(values.slower)
const trace = stretched(values.rows === undefined ? whole : prefixOf(whole, Number(values.rows)))
const capacityFiles = capacityOf(values.capacity, distinctFilesOf(trace))
const shards = Number(values.shards)
const play = {
  ...{ capacityFiles, shards, latencyMs: slower * Number(values.latency), lingerMs: slower * Number(values.linger) },
  latenciesMs: LATENCIES_MS.map((latencyMs) => slower * latencyMs),
}
const fleet = { capacityFiles, shards, ...(!values.measured && { reckonedMs: play.latencyMs }) }
const only = values.only.split(',')

const TITLE = `| | ${LATENCIES_MS.map((ms) => `decisions: hit at ${ms} ms (p, i, touches)`).join(' | ')} | commands as sent: hit at ${LATENCIES_MS.join(', ')} ms | readers' hit | commands, warms | access to command | decision to command | behind | CPU predict, rest | reads/s | load |`
console.log(`${TITLE}\n${TITLE.replaceAll(/[^|]+/g, '---')}`)
if (only.includes('embedded')) await tell('embedded', await startEmbeddedFleet(fleet))
if (only.includes('distributed')) await distributed()
if (only.includes('replay') && values.rows === undefined) await replayed()

async function distributed(): Promise<void> {
  const servers = openServers(process.env)
  try {
    const [kafka, registryUrl] = await Promise.all([servers.kafka(), servers.registry()])
    const [modelRedisUrl, cacheRedisUrl] = await Promise.all([servers.modelRedis(), servers.cacheRedis()])
    const predictors = Number(values.predictors)
    const system = await startDistributedFleet({
      ...{ ...fleet, predictors },
      servers: { kafka, registryUrl, modelRedisUrls: [modelRedisUrl], cacheRedisUrl },
    })
    const middle = trace.file.length >> 1
    const kill = (row: number) => {
      if (row === middle) void system.predictors[0]?.kill()
    }
    const name = `${predictors} predict, ${shards} ${shards === 1 ? 'shard' : 'shards'}${values.kill ? ', one killed' : ''}`
    await tell(name, system, values.kill ? kill : undefined)
  } finally {
    await servers.stop()
  }
}

async function tell(name: string, system: FleetSystem, beforeRow?: (row: number) => void): Promise<void> {
  try {
    const run = await runFleet(system, trace, { ...play, ...(beforeRow && { beforeRow }) })
    console.log(lineOf(name, run))
  } finally {
    await system.close()
  }
}

function lineOf(name: string, { verdicts, sentVerdicts, figures }: FleetRun): string {
  const cells = [
    name,
    ...verdicts.map(hitOf),
    sentVerdicts.map(({ hits, reads }) => (hits / reads).toFixed(4)).join(', '),
    figures.readersHit.toFixed(4),
    `${figures.commands}, ${figures.warms}`,
    ...[figures.commandDelay, figures.decisionDelay, figures.behind].map(delayOf),
    `${figures.cpuPredict.toFixed(1)}, ${figures.cpuRest.toFixed(1)} s`,
    String(figures.readsPerSecond),
    loadavg()
      .map((load) => load.toFixed(0))
      .join(' '),
  ]
  return `| ${cells.join(' | ')} |`
}

function hitOf({ hits, reads, inserted, used, touched }: Verdict): string {
  const share = (count: number) => (count / reads).toFixed(2)
  return `${(hits / reads).toFixed(4)} (${(used / Math.max(1, inserted)).toFixed(2)}, ${share(inserted)}, ${share(touched)})`
}

function delayOf({ p50, p99 }: Quantiles): string {
  return `p50 ${Math.round(p50)}, p99 ${Math.round(p99)} ms`
}

/** The same decisions as a command of its own makes them, told each delay. */
async function replayed(): Promise<void> {
  const hits: string[] = []
  for (const latencyMs of LATENCIES_MS) {
    const flags = ['--capacity', values.capacity, '--latency', String(latencyMs), '--json']
    const replay = spawnForewarm(['replay', file, ...flags])
    const { code } = await replay.exit()
    if (code !== 0) throw new Error(`forewarm replay ended with ${code}: ${replay.stderr()}`)
    const { hit, precision, perRead, touchesPerRead } = JSON.parse(replay.stdout())
    hits.push(`${hit.toFixed(4)} (${precision.toFixed(2)}, ${perRead.toFixed(2)}, ${touchesPerRead.toFixed(2)})`)
  }
  console.log(`| replay | ${hits.join(' | ')} | | | | | | | | | |`)
}

/** The same at a slower pace; all delays are as many times as long. */
function stretched(given: Trace): Trace {
  const fromMs = given.timeMs[0] ?? 0
  return { ...given, timeMs: given.timeMs.map((timeMs) => fromMs + slower * (timeMs - fromMs)) }
}
