/**
 * `npm run bench [-- NAME...] [--json] [--seconds N] [--rounds N] [--smoke]`: measures and prints each figure beside a
 * reference that was measured in the same run. Writes nothing else. docs/benchmarks.md says what each one is.
 */
import { parseArgs } from 'node:util'
import { measureDeps } from './deps.ts'
import { measureFold } from './fold.ts'
import { measureGlob } from './glob.ts'
import { measureIngest } from './ingest.ts'
import { measureLatency } from './latency.ts'
import { measureEventLog } from './log.ts'
import { measureModelBytes } from './model-bytes.ts'
import { measurePredict } from './predict.ts'
import { type Bench, machineFacts, type Result, resultOf, tableOf } from './report.ts'
import { openServers } from './servers.ts'
import { measureStore } from './store.ts'
import { measureWarm } from './warm.ts'

const BENCHES: ReadonlyMap<string, Bench> = new Map([
  ['ingest', measureIngest],
  ['predict', measurePredict],
  ['latency', measureLatency],
  ['warm', measureWarm],
  ['model-bytes', measureModelBytes],
  ['fold', measureFold],
  ['store', measureStore],
  ['log', measureEventLog],
  ['glob', measureGlob],
  ['deps', measureDeps],
])

const usage = `usage: npm run bench [-- ${[...BENCHES.keys()].join('|')} ...] [--json] [--seconds N] [--rounds N] [--smoke]`

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
    },
  })
  // A smoke run only shows that everything still runs: its figures say nothing.
  const few = values.smoke ? { seconds: 0.05, rounds: 1 } : { seconds: 5, rounds: 5 }
  const seconds = Number(values.seconds ?? few.seconds)
  const rounds = Number(values.rounds ?? few.rounds)
  const unknown = positionals.filter((name) => !BENCHES.has(name))
  if (unknown.length > 0 || !(seconds > 0) || !(Number.isInteger(rounds) && rounds > 0)) {
    console.error(usage)
    return 2
  }
  const names = positionals.length > 0 ? positionals : [...BENCHES.keys()]
  const measured = await measureAll(names, { seconds, rounds })
  const results = values.smoke ? measured.map((result) => ({ ...result, aims: [] })) : measured
  const machine = machineFacts()
  if (values.json) console.log(JSON.stringify({ machine, seconds, rounds, results }))
  else console.log(`${tableOf(results)}\n\n${JSON.stringify({ ...machine, seconds, rounds })}`)
  return 0
}

async function measureAll(
  names: readonly string[],
  options: { readonly seconds: number; readonly rounds: number },
): Promise<readonly Result[]> {
  const servers = openServers(process.env)
  try {
    const results: Result[] = []
    for (const name of names) {
      const progress = (text: string) => console.error(`bench ${name}: ${text}`)
      const comparisons = (await BENCHES.get(name)?.({ ...options, servers, progress })) ?? []
      results.push(...comparisons.map((comparison) => resultOf(name, comparison)))
    }
    return results
  } finally {
    await servers.stop()
  }
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error)
  return 1
})
// kafkajs connects anew for a request that comes while its client is disconnected, and nobody ends that connection: brokers
// do after ten minutes, for which a run that is over need not wait.
process.stdout.write('', () => process.exit(code))
