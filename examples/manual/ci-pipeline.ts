/** A step of a CI job before the analyzers: warms what the change touches and what that imports, within a minute. */
import { availableParallelism } from 'node:os'
import { createCacheWarmer } from '../../src/library.ts'

const [directory = '.', base = 'HEAD~1'] = process.argv.slice(2)

const warmer = await createCacheWarmer({ workspace: 'application', directory, analyzer: 'ci' })
const results = await warmer.warmCacheIntelligently(
  {
    name: 'ci_pipeline_warming',
    priorityFiles: [`changed:${base}`],
    dependencyDepth: 2,
    parallelWorkers: Math.min(8, availableParallelism()),
    memoryPressureThreshold: 0.6,
    timeLimitMs: 60_000,
  },
  (current, total) => console.log(`warmed ${current} of ${total}`),
)
console.log(`CI cache warming ${results.state}: ${results.filesWarmed} files in ${results.warmingTimeMs} ms`)
await warmer.close()

// A cache that could not be filled is no reason to fail the build; the analyzers read the files themselves.
if (results.state === 'failed') console.warn(`nothing was warmed: ${results.why}`)
