/** A thread that re-points two links between a file inside the jail and one outside, as fast as it can. */
import { renameSync, symlinkSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

const { links, stop } = workerData as { links: readonly (readonly [string, string, string])[]; stop: Int32Array }
let swaps = 0
while (Atomics.load(stop, 0) === 0) {
  for (const [link, inside, outside] of links) {
    symlinkSync(swaps % 2 === 0 ? outside : inside, `${link}.new`)
    renameSync(`${link}.new`, link)
  }
  // A breath between two swaps: renames without end would keep the readers from looking anything up at all.
  Atomics.wait(stop, 0, 0, 0.02)
  swaps += 1
}
parentPort?.postMessage(swaps)
