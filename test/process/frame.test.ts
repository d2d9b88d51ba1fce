import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type HealthServer, serveHealth } from '../../src/adapters/http/health-server.ts'
import { Heartbeat } from '../../src/heartbeat.ts'
import { spawnForewarm } from '../support/process.ts'

const framed = (behaviour: string) => spawnForewarm([behaviour], { entry: join(import.meta.dirname, 'framed.ts') })

describe('the frame of a process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops in order and ends with 0', async (signal) => {
    const child = framed('serve')
    await child.line(/^running/)
    expect(await child.kill(signal)).toEqual({ code: 0, signal: null })
    expect(child.stdout()).toContain('offsets committed')
  })

  test('a second signal ends the process at once', async () => {
    const child = framed('hang')
    await child.line(/^running/)
    const ended = child.kill('SIGTERM')
    await child.line(/^stop called/)
    await child.kill('SIGTERM')
    expect(await ended).toEqual({ code: 143, signal: null })
  })

  test('a stop that hangs is given up after the deadline, out of its groups and with its own exit code', async () => {
    const child = framed('hang')
    await child.line(/^running/)
    expect(await child.kill('SIGTERM')).toEqual({ code: 3, signal: null })
    expect(child.stderr()).toContain('stopping took too long')
    expect(child.stdout()).toContain('groups left')
    expect(child.stdout()).not.toContain('offsets committed')
  })

  test('a signal during the start ends it, also when the start hangs', async () => {
    for (const [behaviour, code] of [
      ['slow-start', 0],
      ['hung-start', 3],
    ] as const) {
      const child = framed(behaviour)
      await child.line(/^starting/)
      expect(await child.kill('SIGTERM')).toEqual({ code, signal: null })
    }
  })

  test('what runs inside may end by itself', async () => {
    const child = framed('end')
    expect(await child.exit()).toEqual({ code: 0, signal: null })
    expect(child.stdout()).toContain('offsets committed')
  })

  test.each([
    ['break', 'the engine broke'],
    ['crash', 'nobody waits for this'],
  ])(
    'an unknown error (%s) is logged and ends the process with 1, out of its groups and without a commit',
    async (behaviour, message) => {
      const child = framed(behaviour)
      expect(await child.exit()).toEqual({ code: 1, signal: null })
      expect(child.stderr()).toContain(message)
      // Also where leaving does not come to an end.
      expect(child.stdout()).toContain('groups left')
      expect(child.stdout()).not.toContain('offsets committed')
    },
  )

  test('a known error at the start is logged with its code; a wrong setting has its own exit code', async () => {
    const refused = framed('refuse')
    expect((await refused.exit()).code).toBe(1)
    const line = JSON.parse(refused.stderr().trim())
    expect(line).toMatchObject({ level: 'error', code: 'FW_STORE_MAY_EVICT', process: 'framed' })
    expect((await framed('misconfigured').exit()).code).toBe(2)
  })
})

describe('the heartbeat', () => {
  test('idle is alive, work that goes forward is alive, work that stands still is not', async () => {
    let nowMs = 0
    const heart = new Heartbeat(100, () => nowMs)
    nowMs = 10_000
    expect(heart.state().alive).toBe(true)
    await heart.work(async (beat) => {
      nowMs += 90
      beat()
      nowMs += 90
      expect(heart.state()).toEqual({ alive: true, stalledMs: 90 })
      nowMs += 11
      expect(heart.state()).toEqual({ alive: false, stalledMs: 101 })
    })
    expect(heart.state()).toEqual({ alive: true, stalledMs: 0 })
  })

  test('a beat of a group is one of all its work in hand, and of no other', async () => {
    let nowMs = 0
    const heart = new Heartbeat(100, () => nowMs)
    const group = heart.group()
    await group.work(async () => {
      nowMs += 90
      group.beat()
      nowMs += 90
      expect(heart.state()).toEqual({ alive: true, stalledMs: 90 })
      await heart.work(async () => {
        nowMs += 101
        group.beat()
        expect(heart.state()).toEqual({ alive: false, stalledMs: 101 })
      })
      expect(heart.state().alive).toBe(true)
    })
    nowMs += 1_000
    group.beat()
    expect(heart.state()).toEqual({ alive: true, stalledMs: 0 })
  })

  test('work that failed is no longer waited for', async () => {
    let nowMs = 0
    const heart = new Heartbeat(100, () => nowMs)
    await expect(heart.work(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    nowMs = 1_000
    expect(heart.state().alive).toBe(true)
  })
})

describe('the health server', () => {
  let server: HealthServer | undefined
  afterEach(() => server?.close())

  test('tells liveness and readiness apart, with what is missing', async () => {
    server = await serveHealth(
      { host: '127.0.0.1', port: 0 },
      {
        live: () => ({ alive: true, stalledMs: 0 }),
        ready: async () => ({ ready: false, missing: ['the model store does not answer'] }),
      },
    )
    const get = (path: string) => fetch(`http://127.0.0.1:${server?.port}${path}`)
    expect((await get('/livez')).status).toBe(200)
    const ready = await get('/readyz')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toEqual({ ready: false, missing: ['the model store does not answer'] })
    expect((await get('/other')).status).toBe(404)
  })

  test('a taken port is an error, not a crash', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const checks = { live: () => ({ alive: true, stalledMs: 0 }), ready: async () => ({ ready: true, missing: [] }) }
    await expect(serveHealth({ host: '127.0.0.1', port }, checks)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: set health.host`,
    )
    other.close()
  })
})
