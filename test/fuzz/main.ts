/**
 * `npm run fuzz [-- --seconds S] [--only WORD] [--seed N]`: every parser under hostile input for S seconds each. Fails on
 * errors that callers do not know, on properties that do not hold, on much CPU time or memory for one input, and on
 * objects that have got properties of an attacker. The last line is `N passed, N failed`, which CI reads.
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { FuzzData, FuzzResult } from './worker.ts'

const MEMORY_MB_MAX = 768
const NOTE_BYTES = 65_536
/** An input that is in hand for so long has no end, on a busy machine too. */
const STUCK_MS = 60_000
/** Time for each parser unless told. */
const SECONDS = 0.5

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    only: { type: 'string', default: '' },
    seed: { type: 'string' },
  },
})
const seconds = Number(values.seconds ?? SECONDS)
if (!(seconds > 0)) throw new RangeError('--seconds takes a number above 0')
// CI gives the same inputs at each run; whoever asks for more time wants others.
const seed = Number(values.seed ?? (values.seconds === undefined ? 1 : Date.now() % 2 ** 31))
const note = Buffer.from(new SharedArrayBuffer(NOTE_BYTES))
let passed = 0
let failed = 0

function report({ name, runs, failure }: FuzzResult): void {
  if (failure === null) passed += 1
  else failed += 1
  console.log(
    `${failure === null ? 'ok    ' : 'FAILED'} ${name}: ${runs} inputs${failure === null ? '' : `\n${failure}`}`,
  )
}

const inHand = (): string => note.toString('utf8', 8, 8 + note.readUInt32LE(4))

console.log(`fuzzing each parser for ${seconds} s; --seed ${seed} gives these inputs again`)
const workerData: FuzzData = { only: values.only, seconds, seed, note: note.buffer as unknown as SharedArrayBuffer }
const worker = new Worker(new URL('worker.ts', import.meta.url), {
  workerData,
  resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
})
const watch = setInterval(watchFor(worker), STUCK_MS / 4)
worker.on('message', report)
worker.on('error', (error) => {
  failed += 1
  console.log(`FAILED with ${String(error)} at ${inHand()}`)
})
worker.on('exit', () => {
  clearInterval(watch)
  console.log(`${passed} passed, ${failed + (passed + failed === 0 ? 1 : 0)} failed`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
})

/** Ends a thread that has had the same input in hand for too long. */
function watchFor(thread: Worker): () => void {
  let known = 0
  let sinceMs = performance.now()
  return () => {
    const count = note.readUInt32LE(0)
    if (count !== known) sinceMs = performance.now()
    else if (performance.now() - sinceMs > STUCK_MS) {
      failed += 1
      console.log(`FAILED: no end at ${inHand()}`)
      void thread.terminate()
    }
    known = count
  }
}
