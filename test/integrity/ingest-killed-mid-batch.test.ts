import { expect, it, onTestFinished } from 'vitest'
import { deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { createTraffic, newSeed, WORKSPACES } from '../support/traffic.ts'

const KILLS = 20
/** Now and then the next life joins the group of the one before, and waits until that is given up. */
const SAME_GROUP_EVERY = 10
const RECORDS_PER_LIFE = 60

it('an ingest that is killed twenty times while accesses stream in counts each of them once', async () => {
  const traffic = createTraffic(newSeed())
  const deployment = await deploy()
  onTestFinished(deployment.close)
  const left: number[] = []
  let group = deployment.prefix
  let ingest = await deployment.start('ingest')
  for (let life = 0; life < KILLS; life += 1) {
    const before = await deployment.reached()
    for (let part = 0; part < 3; part += 1) await deployment.append(traffic.take(RECORDS_PER_LIFE / 3))
    await eventually(deployment.reached, (reached) => reached > before, {
      ...{ what: `progress in life ${life}`, everyMs: 2 },
    })
    await ingest.kill()
    left.push(await deployment.lag())
    if (life % SAME_GROUP_EVERY > 0) group = `${deployment.prefix}${life}.`
    ingest = await deployment.start('ingest', { FOREWARM_KAFKA__GROUP_PREFIX: group })
  }
  console.log(`records left at each kill: ${left.join(' ')}`)
  expect(left.filter((records) => records > 0).length).toBeGreaterThan(KILLS / 2)
  await deployment.drain()
  const compared = await deployment.compareWithOracle()
  console.log(compared)
  expect(compared.workspaces).toBe(WORKSPACES.length)
  expect(compared.settled).toBeGreaterThan(100)
})
