/**
 * The main job on real input. Real analyzers (ESLint, a link check) read forewarm's own repository, in two revisions,
 * session after session through a shared cache that is too small for everything; first alone, then with `forewarm up`
 * beside them, which has learned from the first sessions and warms the cache ahead of the later ones.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { withParts } from '../../src/compose/tools.ts'
import { loadSettings } from '../../src/config/load.ts'
import { Demo } from './demo.ts'
import { placesIn, writeSettings } from './product.ts'
import { revisionsOf } from './revisions.ts'
import { sizeCache } from './room.ts'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const USAGE = `usage: npm start -- [--once] [--json] [--rounds N] [--fresh]
  --once    end after the demonstration instead of staying up; waits until every prediction is settled
  --json    the last line on standard output is one JSON object with the figures
  --rounds  rounds before and after learning (3)
  --fresh   forget what an earlier run has learned`

const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
  },
})

// With --json, standard output carries nothing but the figures.
const say = (line = ''): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`)

async function main(): Promise<number> {
  const rounds = Number(options.rounds)
  if (options.help || !Number.isInteger(rounds) || rounds < 2) {
    process.stderr.write(`${USAGE}\n`)
    return options.help ? 0 : 2
  }
  const places = placesIn(ROOT)
  if (options.fresh) for (const end of ['', '-wal', '-shm']) rmSync(places.database + end, { force: true })
  const revisions = revisionsOf(ROOT)
  const room = await sizeCache(places.checkout, revisions)
  writeSettings(places, room)
  say(styleText('bold', "forewarm on forewarm's own repository"))
  say(`${room.files} files, ${kib(room.allBytes)} as stored; the shared cache holds ${kib(room.cacheBytes)}`)
  if (revisions.length === 1) say('one revision only: the history is too short for a second')
  return withParts(loadSettings(places.settings), async (parts) => {
    const demo = new Demo(parts, { root: ROOT, places, revisions, rounds, say })
    const figures = await demo.run({ settle: options.once })
    if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
    return options.once ? demo.end() : demo.stayUp()
  })
}

const kib = (bytes: number): string => `${Math.round(bytes / 1_024)} KiB`

await main().then(
  (code) => {
    process.exitCode = code
  },
  (cause) => {
    process.stderr.write(`forewarm: ${cause instanceof Error ? cause.message : String(cause)}\n`)
    process.exitCode = 1
  },
)
