import { expect, test } from 'vitest'
import { spawnForewarm } from '../support/process.ts'

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1'

const environment = {
  FOREWARM_MODE: 'distributed',
  FOREWARM_KAFKA__BROKERS: NOWHERE,
  FOREWARM_MODEL__REDIS__URLS: `redis://${NOWHERE}`,
  FOREWARM_CACHE__REDIS__URLS: `redis://${NOWHERE}`,
  FOREWARM_GATEWAY__PORT: '0',
}

test.each(['predict'])(
  '%s waits for engines that are away: alive, not ready, and stops in order',
  async (name) => {
    const child = spawnForewarm([name], { env: environment })
    const { host, port } = JSON.parse(await child.line(/the health server listens/))
    expect((await fetch(`http://${host}:${port}/livez`)).status).toBe(200)
    expect((await fetch(`http://${host}:${port}/readyz`)).status).toBe(503)
    await child.line(/trying again/)
    expect(await child.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  },
  90_000,
)

test('a gateway whose engines are away listens, is not ready, and answers 503', async () => {
  const child = spawnForewarm(['gateway'], { env: environment })
  const { url } = JSON.parse(await child.line(/the gateway listens/))
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  const answer = await fetch(`${url}/v1/workspaces/web/accesses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session: 's', analyzer: 'a', accesses: [{ path: 'a', timeMs: 1 }] }),
  })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(await child.kill('SIGTERM')).toEqual({ code: 0, signal: null })
})
