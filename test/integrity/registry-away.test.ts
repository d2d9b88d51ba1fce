import { expect, inject, it, onTestFinished } from 'vitest'
import { deploy } from '../support/deployment.ts'
import { startLossyProxy } from '../support/lossy-proxy.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const RECORDS = 100

it('while the registry is away records wait, none is lost or set aside, and what is known goes on', async () => {
  const traffic = createTraffic(newSeed())
  const registry = new URL(inject('services').registryUrl)
  const proxy = await startLossyProxy(Number(registry.port), registry.hostname)
  onTestFinished(proxy.stop)
  registry.host = `127.0.0.1:${proxy.port}`
  const deployment = await deploy({ registryUrl: registry.href })
  onTestFinished(deployment.close)
  await deployment.append(traffic.take(RECORDS))
  await proxy.goAway()

  const ingest = await deployment.start('ingest')
  await deployment.append(traffic.take(RECORDS))
  await ingest.line(/cannot be read yet/)
  expect(await deployment.reached()).toBe(0)
  await proxy.comeBack()
  await deployment.drain()
  await deployment.compareWithOracle()

  await proxy.goAway()
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()
  const { end } = await deployment.engines.log.bounds({ topic: 'dead-letters', partition: 0 })
  expect(end).toBe(0)
  await deployment.compareWithOracle()
})
