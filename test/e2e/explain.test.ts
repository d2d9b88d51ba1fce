import { expect, inject, it } from 'vitest'
import type { OutlookFile } from '../../src/ports/outlook.ts'
import { learn, startFleet, WORKSPACE } from '../support/analyzer.ts'
import { spawnForewarm } from '../support/process.ts'

const modelRedisUrls = inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`)
const READ = 8

it('explains an open session of a distributed deployment from the log and the store, asking no process', async () => {
  const fleet = await startFleet({ modelRedisUrls, env: { FOREWARM_PREDICT__PREDICTOR: 'learned' } })
  await learn(fleet)
  const { paths } = fleet.repository
  const response = await fetch(`${fleet.gatewayUrl}/v1/workspaces/${encodeURIComponent(WORKSPACE)}/accesses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ session: 'run-7', analyzer: 'eslint', publisher: 'p', sequence: 0, sessionEnded: false },
      accesses: paths.slice(0, READ).map((path, at) => ({ path, timeMs: Date.now() - (READ - at) * 60 })),
    }),
  })
  expect(response.status).toBe(202)
  await fleet.deployment.drain()
  const cli = async (...args: readonly string[]) => {
    const child = spawnForewarm([...args, '--workspace', WORKSPACE, '--json'], { env: fleet.deployment.environment })
    expect(await child.exit(), child.stderr()).toEqual({ code: 0, signal: null })
    return JSON.parse(child.stdout())
  }
  const outlook = await cli('explain', 'run-7')
  expect(outlook).toMatchObject({ kind: 'session', session: 'run-7', analyzer: 'eslint', reads: READ, paused: false })
  const files: readonly OutlookFile[] = outlook.files
  for (const distance of [1, 2, 3, 4, 5]) {
    const found = files.find((file) => file.path === paths[READ - 1 + distance])
    expect(found, `${distance} reads ahead`).toMatchObject({ distance })
    expect(found?.sources).toContain('sequence')
  }
  const file = await cli('explain', paths[READ + 1] ?? '')
  expect(file.sessions).toMatchObject([{ session: 'run-7', hasRead: false, file: { distance: 2 } }])
  const patterns = await cli('patterns')
  expect(patterns.recurring[0]).toMatchObject({ analyzer: 'eslint', paths })
})
