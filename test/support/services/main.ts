/**
 * `npm run services`: starts the shared set, prints the variables by which test runs and commands of forewarm find it,
 * and keeps it up until Ctrl-C. Repeated runs of single test files then start nothing.
 */
import { once } from 'node:events'
import { startSharedServices } from './shared.ts'

const { services, stop } = await startSharedServices()
const variables = {
  FOREWARM_TEST_KAFKA: services.kafka.join(),
  FOREWARM_TEST_REGISTRY: services.registryUrl,
  FOREWARM_TEST_REDIS: services.modelRedisUrl,
  FOREWARM_TEST_REDIS_CACHE: services.cacheRedisUrl,
  FOREWARM_TEST_REDIS_CLUSTER: services.redisCluster.map(({ host, port }) => `${host}:${port}`).join(),
}
/** With these the commands of forewarm find them, too: one broker keeps one copy. */
const settings = {
  FOREWARM_MODE: 'distributed',
  FOREWARM_KAFKA__BROKERS: variables.FOREWARM_TEST_KAFKA,
  FOREWARM_KAFKA__REPLICATION_FACTOR: '1',
  FOREWARM_KAFKA__MIN_INSYNC_REPLICAS: '1',
  FOREWARM_REGISTRY__URL: services.registryUrl,
  FOREWARM_MODEL__REDIS__URLS: services.modelRedisUrl,
  FOREWARM_CACHE__REDIS__URLS: services.cacheRedisUrl,
}
const exportsOf = (named: Readonly<Record<string, string>>): string =>
  Object.entries(named)
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join('')
console.log(`# For single files of tests:\n${exportsOf(variables)}`)
console.log(`# To try forewarm on these servers, which forget all when they end:\n${exportsOf(settings)}`)
console.log('# Ctrl-C ends them.')
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await stop()
