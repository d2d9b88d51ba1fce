import { expect, it, onTestFinished } from 'vitest'
import { deploy, fencesMoved, TALKATIVE } from '../support/deployment.ts'
import { createTraffic, newSeed, type TrafficRecord } from '../support/traffic.ts'

const RECORDS = 400

const accessesOf = (records: readonly TrafficRecord[]): number =>
  records.reduce((sum, { topic, value }) => sum + (topic === 'access-events' ? value.accesses.length : 0), 0)

const predictionsOf = (records: readonly TrafficRecord[]): number =>
  records.reduce(
    (sum, { topic, value }) => sum + (topic === 'warm-outcomes' && value.runId === null ? value.files.length : 0),
    0,
  )

it('what a publisher and a worker send twice counts once', async () => {
  const traffic = createTraffic(newSeed())
  const deployment = await deploy()
  onTestFinished(deployment.close)
  await deployment.start('ingest')
  const records = traffic.take(RECORDS)
  for (let at = 0; at < RECORDS; at += 20) {
    const part = records.slice(at, at + 20)
    await deployment.append(part)
    // Whoever hears nothing of his batch sends it again, after others.
    await deployment.append(part)
  }
  await deployment.drain()
  const compared = await deployment.compareWithOracle()
  expect(compared.accesses).toBe(accessesOf(records))
  expect(compared.settled + compared.openPredictions).toBe(predictionsOf(records))
})

it('what the log delivers to two owners at once counts once', async () => {
  const traffic = createTraffic(newSeed())
  const deployment = await deploy()
  onTestFinished(deployment.close)
  // Two groups: each of them is given every record, and both write the same model.
  const owners = await Promise.all(
    ['one.', 'other.'].map((group) =>
      deployment.start('ingest', { ...TALKATIVE, FOREWARM_KAFKA__GROUP_PREFIX: deployment.prefix + group }),
    ),
  )
  const records = traffic.take(RECORDS)
  for (let at = 0; at < RECORDS; at += 10) await deployment.append(records.slice(at, at + 10))
  await deployment.drain()
  const compared = await deployment.compareWithOracle()
  expect(compared.accesses).toBe(accessesOf(records))
  const ahead = owners.map((owner) => fencesMoved(owner).ahead)
  console.log(`fences found ahead: ${ahead.join(' and ')}`)
  expect(Math.max(...ahead)).toBeGreaterThan(0)
})
