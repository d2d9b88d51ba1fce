/**
 * `npm run services`: starts the shared set, prints the variables by which test runs find it, and keeps it up until
 * Ctrl-C. Repeated runs of single test files then start nothing.
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
for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await stop()
