/**
 * Warms the same workspace again and again, empties its cache in between, and looks at the heap after each cycle: what is
 * kept from cycle to cycle is a leak. Needs `--expose-gc`. Exit code 1 when the heap grows by more than is allowed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createCacheWarmer } from '../../src/library.ts'
import { slopeOf } from './slope.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '30' },
    files: { type: 'string', default: '300' },
    /** Keeps so many KiB a cycle, to see that the check sees it. */
    'leak-kib': { type: 'string', default: '0' },
  },
})
const [cycles, files, leakKib] = [Number(values.cycles), Number(values.files), Number(values['leak-kib'])]

/** The first cycles fill caches that are bounded: compiled code, statements, near caches. */
const SETTLING = 8

/** What one cycle may add to the heap: about 200 bytes for each file that it warms. A leak of one object a file is more. */
const BYTES_A_FILE_MAX = 200

const collectGarbage = globalThis.gc
if (collectGarbage === undefined || !(cycles > SETTLING + 1)) {
  console.error(`leaks: run node with --expose-gc and more than ${SETTLING + 1} cycles`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'forewarm-leaks-'))
for (let at = 0; at < files; at += 1) {
  mkdirSync(join(folder, `src/p${at % 20}`), { recursive: true })
  writeFileSync(
    join(folder, `src/p${at % 20}/f${at}.py`),
    `from . import f${(at + 20) % files}\n${'x = 1\n'.repeat(100)}`,
  )
}

const kept: Uint8Array[] = []
const heaps: number[] = []
const warmer = await createCacheWarmer({ workspace: 'leaks', directory: folder, layers: ['content', 'ast'] })
for (let cycle = 1; cycle <= cycles; cycle += 1) {
  const { state, filesWarmed } = await warmer.warmCacheIntelligently({ name: 'leaks', priorityFiles: ['src/**'] })
  await warmer.clearCache()
  if (leakKib > 0) kept.push(...Array.from({ length: leakKib }, () => new Uint8Array(1_024)))
  collectGarbage()
  // What finalizers let go leaves with the next collection.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  const { heapUsed, external, rss } = process.memoryUsage()
  heaps.push(heapUsed + external)
  console.log(
    `cycle ${cycle}: ${state}, ${filesWarmed} warmed, heap ${mib(heapUsed + external)} MiB, process ${mib(rss)} MiB`,
  )
}
await warmer.close()
rmSync(folder, { recursive: true, force: true })

const slope = slopeOf(heaps.slice(SETTLING))
const allowed = BYTES_A_FILE_MAX * files
console.log(`slope after cycle ${SETTLING}: ${Math.round(slope)} bytes a cycle; ${allowed} allowed`)
if (slope > allowed) {
  console.error('leaks: the heap grows from cycle to cycle')
  process.exit(1)
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
