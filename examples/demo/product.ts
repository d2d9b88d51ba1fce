import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stringify } from 'yaml'
import { findUp } from '../../src/compose/up-lock.ts'

export const WORKSPACE = 'forewarm'

/** Where the demo keeps its files, all below one folder. */
export type Places = {
  readonly folder: string
  readonly checkout: string
  readonly database: string
  readonly settings: string
  readonly log: string
}

export function placesIn(root: string): Places {
  const folder = join(root, '.forewarm', 'demo')
  mkdirSync(folder, { recursive: true })
  return {
    folder,
    checkout: join(folder, 'checkout'),
    database: join(folder, 'forewarm.sqlite'),
    settings: join(folder, 'forewarm.yaml'),
    log: join(folder, 'forewarm.log'),
  }
}

/** Sessions of the demo last seconds where those of a fleet last minutes, so what it holds live is as much shorter. */
const LIVE_MS = 1_000

/** Predictions of the demo claim a read within half a minute, so that each is settled while one looks on. */
export const HORIZON_MS = 30_000

export function writeSettings(
  places: Places,
  options: { readonly cacheBytes: number; readonly cacheFiles: number },
): void {
  const settings = {
    mode: 'embedded',
    embedded: { file: places.database, cacheBytesMax: options.cacheBytes },
    workspaces: { [WORKSPACE]: { origin: { directory: places.checkout } } },
    predict: { predictor: 'learned', horizonMs: HORIZON_MS, cacheFiles: options.cacheFiles, pressureMax: 1 },
    cache: { liveMs: LIVE_MS },
    gateway: { port: 0 },
  }
  writeFileSync(places.settings, stringify(settings))
}

/** A running `forewarm up`. */
export type Up = { readonly child: ChildProcess; readonly url: string }

const START_MS_MAX = 120_000

/** Starts `forewarm up` as a process of its own; its log goes to a file. Rejects with the log's end when it fails. */
export async function startUp(root: string, places: Places): Promise<Up> {
  const log = openSync(places.log, 'a')
  const built = join(root, 'dist', 'src', 'cli', 'main.js')
  const program = existsSync(built) ? built : join(root, 'src', 'cli', 'main.ts')
  const child = spawn(process.execPath, [program, '--config', places.settings, 'up'], { stdio: ['ignore', log, log] })
  const deadline = performance.now() + START_MS_MAX
  while (performance.now() < deadline && child.exitCode === null) {
    const url = findUp(places.database)?.url
    if (url != null && (await isReady(url))) return { child, url }
    await delay(50)
  }
  child.kill('SIGTERM')
  throw new Error(
    `forewarm up did not start; the end of ${places.log}:\n${readFileSync(places.log, 'utf8').slice(-2_000)}`,
  )
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  )

/** Ends it as an operator would; resolves with its exit code. */
export async function stopUp({ child }: Up): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  return ended
}
