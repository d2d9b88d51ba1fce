/**
 * The main job on real input. Real analyzers (ESLint, a link check) read forewarm's own repository, in two revisions,
 * session after session through a shared cache that is too small for everything; first alone, then with `forewarm up`
 * beside them, which has learned from the first sessions and warms the cache ahead of the later ones.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { withParts } from '../../src/compose/tools.ts'
import { loadSettings } from '../../src/config/load.ts'
import { Demo } from './demo.ts'
import { type Options, understood } from './options.mjs'
import { placesIn, writeSettings } from './product.ts'
import { createProgress } from './progress.ts'
import { revisionsOf } from './revisions.ts'
import { sizeCache } from './room.ts'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
async function main(): Promise<number> {
  const asked = understood(process.argv.slice(2))
  if ('options' in asked) return show(asked.options)
  ;(asked.status === 0 ? process.stdout : process.stderr).write(`${asked.answer}\n`)
  return asked.status
}

async function show(options: Options): Promise<number> {
  // With --json, standard output carries nothing but the figures.
  const progress = createProgress(process.stderr)
  const say = (line = ''): void => {
    progress.clear()
    ;(options.json ? process.stderr : process.stdout).write(`${line}\n`)
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
    const demo = new Demo(parts, { root: ROOT, places, revisions, rounds: options.rounds, say, progress })
    const figures = await demo.run({ settle: options.once })
    if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
    return options.once ? demo.end() : demo.stayUp()
  })
}

const kib = (bytes: number): string => `${Math.round(bytes / 1_024)} KiB`

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

await main().then(
  (code) => {
    process.exitCode = code
  },
  (cause) => {
    process.stderr.write(`forewarm: ${messageOf(cause)}\n`)
    process.exitCode = 1
  },
)
