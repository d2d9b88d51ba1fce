import { Redis as Client } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { startRedisCluster } from '../support/services/redis-cluster.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const RECORDS = 150
const workspaces = Array.from({ length: 12 }, (_, at) => `team-${at}/repository`)

async function roleOf(url: string | undefined): Promise<string> {
  const client = new Client(url ?? '')
  try {
    return /role:(\w+)/.exec(await client.info('replication'))?.[1] ?? ''
  } finally {
    client.disconnect()
  }
}

it('the models of a cluster whose master is killed go on with its replica, to the last count', async () => {
  const traffic = createTraffic(newSeed(), workspaces)
  const { nodes, stop } = await startRedisCluster({ replicas: 1 })
  onTestFinished(stop)
  const deployment = await deploy({ modelRedisUrls: nodes.map(({ url }) => url) })
  onTestFinished(deployment.close)
  await deployment.start('ingest')
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()
  const onVictim = new Client(nodes[0]?.url ?? '')
  const keys = await onVictim.dbsize()
  onVictim.disconnect()
  expect(keys, 'keys of the models on the master that is killed').toBeGreaterThan(0)

  await deployment.append(traffic.take(RECORDS))
  await nodes[0]?.process.kill()
  await deployment.append(traffic.take(RECORDS))
  await eventually(
    () => roleOf(nodes[3]?.url),
    (role) => role === 'master',
    { what: 'the fail-over' },
  )
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()
  const compared = await deployment.compareWithOracle()
  expect(compared.workspaces).toBe(workspaces.length)
})
