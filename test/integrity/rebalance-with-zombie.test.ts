import { expect, it, onTestFinished } from 'vitest'
import { deploy, fencesMoved, TALKATIVE } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const ROUNDS_MAX = 4
const RECORDS = 300

it('an owner that was frozen, lost its partitions, and wakes up in mid-batch, counts nothing twice', async () => {
  const traffic = createTraffic(newSeed())
  const deployment = await deploy()
  onTestFinished(deployment.close)
  const zombie = await deployment.start('ingest', TALKATIVE)
  const heir = await deployment.start('ingest', TALKATIVE)
  await heir.line(/"msg":"running"/)
  for (let round = 0; round < ROUNDS_MAX && fencesMoved(zombie).ahead === 0; round += 1) {
    const before = await deployment.reached()
    await deployment.append(traffic.take(RECORDS))
    await eventually(deployment.reached, (reached) => reached > before, { everyMs: 1 })
    process.kill(zombie.pid, 'SIGSTOP')
    // All of it, while one of the two owners stands still: its partitions have gone to the other one.
    await deployment.append(traffic.take(RECORDS))
    await deployment.drain()
    process.kill(zombie.pid, 'SIGCONT')
    await deployment.append(traffic.take(RECORDS))
    await deployment.drain()
  }
  console.log(`fences found ahead by the frozen one: ${fencesMoved(zombie).ahead}`)
  expect(fencesMoved(zombie).ahead).toBeGreaterThan(0)
  await deployment.compareWithOracle()
})
