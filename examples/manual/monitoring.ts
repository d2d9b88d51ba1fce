/** The manual's dashboard: what warming has done for a workspace, with its warning. */
import { createCacheWarmer } from '../../src/library.ts'

const ACCURACY_MIN = 0.7

const [directory = '.'] = process.argv.slice(2)

const warmer = await createCacheWarmer({ workspace: 'application', directory })
const stats = await warmer.warmingStats()
const sessions = Math.max(stats.warmingSessions, 1)

console.table({
  'files warmed a session': stats.filesWarmed / sessions,
  'average warming time, ms': stats.totalWarmingTimeMs / sessions,
  'cache misses prevented': stats.cacheMissesPrevented,
  'predictive accuracy': stats.predictiveAccuracy ?? 'nothing settled yet',
  'cache used, %': (await warmer.memoryUsage()).utilizationPercent,
})
if (stats.predictiveAccuracy !== null && stats.predictiveAccuracy < ACCURACY_MIN) {
  console.warn(`Low predictive accuracy: ${(stats.predictiveAccuracy * 100).toFixed(1)} %`)
}
await warmer.close()
