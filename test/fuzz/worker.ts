/** Runs targets in a thread of its own, so that memory can be bounded and a parser without end be stopped. */
import { parentPort, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import type { Target } from './target.ts'
import { holds } from './target.ts'
import { givenTargets } from './targets-given.ts'
import { modelTargets } from './targets-model.ts'
import { storedTargets } from './targets-stored.ts'

export type FuzzData = {
  readonly only: string
  readonly seconds: number
  readonly seed: number
  readonly note: SharedArrayBuffer
}
export type FuzzResult = { readonly name: string; readonly runs: number; readonly failure: string | null }

/** Time of this thread alone, so that a busy machine does not count; far more than any of these inputs is worth. */
const CPU_MS_MAX = 10_000

const { only, seconds, seed, note } = workerData as FuzzData
const noted = Buffer.from(note)

/** The input in hand, for whoever has to stop this thread: a number that changes, then text with its length. */
function noteDown(target: string, input: Uint8Array | string): void {
  const text = `${target}: ${JSON.stringify(typeof input === 'string' ? input.slice(0, 2_000) : [...input])}`
  const length = noted.write(text, 8)
  noted.writeUInt32LE(length, 4)
  noted.writeUInt32LE((noted.readUInt32LE(0) + 1) >>> 0, 0)
}

async function runOnce({ name, run }: Target, input: Uint8Array | string): Promise<void> {
  noteDown(name, input)
  const before = process.threadCpuUsage()
  await run(input)
  const { user, system } = process.threadCpuUsage(before)
  holds((user + system) / 1_000 < CPU_MS_MAX, `an answer within ${CPU_MS_MAX} ms of CPU time`)
  for (const key in {}) throw new Error(`every object has got the property ${key}`)
}

async function fuzz(target: Target): Promise<FuzzResult> {
  const property = fc.asyncProperty(target.input, (input) => runOnce(target, input))
  const limits = { interruptAfterTimeLimit: seconds * 1_000, markInterruptAsFailure: false }
  const details = await fc.check(property, { seed, numRuns: Number.MAX_SAFE_INTEGER, ...limits })
  const failure = details.failed ? `${fc.defaultReportMessage(details)}\n${String(details.errorInstance)}` : null
  return { name: target.name, runs: details.numRuns, failure }
}

for (const target of [...(await storedTargets()), ...modelTargets, ...(await givenTargets())]) {
  if (target.name.includes(only)) parentPort?.postMessage(await fuzz(target))
}
