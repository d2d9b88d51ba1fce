import { expect, inject, it, onTestFinished } from 'vitest'
import { deploy } from '../support/deployment.ts'
import { startRegistry } from '../support/services/registry.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const RECORDS = 100

it('while the registry is away records wait, none is lost or set aside, and what is known goes on', async () => {
  const traffic = createTraffic(newSeed())
  // It keeps its schemas in Kafka, so that they are still there when it comes back.
  const registry = await startRegistry({ kafka: inject('services').kafka })
  onTestFinished(registry.stop)
  const deployment = await deploy({ registryUrl: registry.url })
  onTestFinished(deployment.close)
  await deployment.append(traffic.take(RECORDS))
  await registry.process.kill()

  const ingest = await deployment.start('ingest')
  await deployment.append(traffic.take(RECORDS))
  await ingest.line(/cannot be read yet/)
  expect(await deployment.reached()).toBe(0)
  await registry.process.restart()
  await deployment.drain()
  await deployment.compareWithOracle()

  await registry.process.kill()
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()
  const { end } = await deployment.engines.log.bounds({ topic: 'dead-letters', partition: 0 })
  expect(end).toBe(0)
  await deployment.compareWithOracle()
})
