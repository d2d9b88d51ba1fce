/** Warming in the background while an application starts: its first reads find the cache filled. */
import { createCacheWarmer } from '../../src/library.ts'

const [directory = '.', ...criticalFiles] = process.argv.slice(2)

const warmer = await createCacheWarmer({ workspace: 'application', directory, analyzer: 'start-up' })

const warming = warmer.warmCacheIntelligently({
  name: 'application_startup',
  priorityFiles: criticalFiles.length > 0 ? criticalFiles : ['**'],
  dependencyDepth: 2,
  parallelWorkers: 4,
})
console.log('the application starts, and does not wait')

const { state, filesWarmed, filesPresent, warmingTimeMs } = await warming
console.log(`start-up warming ${state}: ${filesWarmed} warmed, ${filesPresent} there already, ${warmingTimeMs} ms`)
await warmer.close()
