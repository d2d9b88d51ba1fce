import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { type Deployment, deploy, type Role } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import type { ForewarmProcess } from '../support/process.ts'
import { slowdown } from '../support/slowdown.ts'
import { commandsFor, makeWarmTree, sendCommands } from '../support/warm-tree.ts'
import { readOutcomes } from '../support/warm-worker.ts'

const WORKSPACE = 'acme/web'
const OTHER = 'acme/api'
const FILES = 600
const FILES_PER_SECOND = 60
/** By then every role has obeyed, on a machine that does nothing else. */
const OBEYED_MS = 1_000
/** At the limit 90 files would come in meanwhile. */
const LOOK_MS = 1_500
/** A minute alone on two cores. */
const BUSY_MS_MAX = 300_000

/** The limits of test deployments hold no run of so many files. */
const LIMITS = { FOREWARM_MODEL__LIMITS__RUN_CHUNKS_MAX: '4096', FOREWARM_MODEL__LIMITS__RUN_CHUNK: '256' }

const ROLES: readonly Role[] = ['ingest', 'predict', 'warm', 'warm', 'gateway']

/** What is read of answers here. */
type Answer = {
  readonly endedAtMs?: number | null
  readonly counts?: readonly object[]
  readonly pauses?: readonly object[]
  readonly learned?: { readonly accesses: number } | null
}

async function startAll(deployment: Deployment) {
  const env = { FOREWARM_WARM__LIMITS__FILES_PER_SECOND_MAX: String(FILES_PER_SECOND) }
  const processes: ForewarmProcess[] = []
  for (const role of ROLES) processes.push(await deployment.start(role, env))
  const { url } = JSON.parse((await processes.at(-1)?.line(/the gateway listens/)) ?? '')
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/v1/workspaces/acme%2Fweb${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const json = (await response.json()) as Answer
    return { status: response.status, json }
  }
  const stop = async () => {
    for (const ended of await Promise.all(processes.map((process) => process.kill('SIGTERM'))))
      expect(ended).toEqual({ code: 0, signal: null })
  }
  return { call, stop }
}

it(
  'a pause stops a run within a second on every role, survives restarts of all, and lets warming go on when it is over',
  async () => {
    const obeyedMs = OBEYED_MS * slowdown()
    const tree = await makeWarmTree(WORKSPACE, { files: FILES, bytes: 1_000 })
    const workspaces = new Map([WORKSPACE, OTHER].map((name) => [name, tree.directory]))
    const deployment = await deploy({ workspaces, env: LIMITS })
    onTestFinished(deployment.close)
    const cache = deployment.engines.cache()
    const cached = async () => (await cache.has(tree.keys)).filter(Boolean).length
    const standsStill = async () => {
      const before = await cached()
      await pause(LOOK_MS)
      expect(await cached()).toBe(before)
      return before
    }
    const paths = [...tree.files.keys()]
    let { call, stop } = await startAll(deployment)
    const ended = (id: string) =>
      eventually(
        async () => (await call('GET', `/runs/${id}`)).json,
        ({ endedAtMs }) => typeof endedAtMs === 'number',
        { what: `the end of ${id}`, withinMs: 60_000, everyMs: 200 },
      )

    expect(await call('POST', '/warm-requests', { id: 'first', paths })).toMatchObject({ status: 202 })
    await eventually(cached, (count) => count > 20, { what: 'a run that goes on', everyMs: 20 })
    const obeyed = pause(obeyedMs)
    expect(await call('POST', '/pause', { requestedBy: 'ann' })).toMatchObject({ status: 200 })
    await obeyed
    const atPause = await standsStill()
    expect(atPause).toBeLessThan(FILES)
    const partial = await ended('first')
    expect(partial).toMatchObject({ state: 'partial', files: FILES })
    expect(partial.counts).toContainEqual(expect.objectContaining({ outcome: 'skipped', detail: 'paused' }))

    const refused = await call('POST', '/warm-requests', { id: 'refused', paths })
    expect(refused).toMatchObject({ status: 409, json: { code: 'FW_PAUSED' } })
    expect((await call('GET', '/status')).json.pauses).toMatchObject([{ workspace: WORKSPACE, by: 'ann' }])
    const accesses = paths.slice(0, 50).map((path, at) => ({ path, timeMs: Date.now() + at }))
    expect(await call('POST', '/accesses', { session: 's', analyzer: 'a', accesses })).toMatchObject({ status: 202 })

    await stop()
    ;({ call, stop } = await startAll(deployment))
    expect((await call('POST', '/warm-requests', { id: 'refused', paths })).status).toBe(409)
    // Commands that are on the log already end as paused; another workspace is warmed meanwhile.
    const fields = { deadlineMs: Date.now() + 60_000 }
    await sendCommands(deployment, commandsFor(paths.slice(-20), 10, { ...fields, id: 'late', workspace: WORKSPACE }))
    await sendCommands(deployment, commandsFor(paths.slice(0, 10), 10, { ...fields, id: 'other', workspace: OTHER }))
    const outcomes = await eventually(
      async () => (await readOutcomes(deployment.engines)).filter(({ runId }) => runId === null),
      (all) => all.length === 3,
      { what: 'outcomes of commands' },
    )
    for (const { workspace, files } of outcomes) {
      const end = workspace === OTHER ? { outcome: 'warmed', detail: '' } : { outcome: 'skipped', detail: 'paused' }
      expect(files).toMatchObject(files.map(() => end))
    }
    expect(await standsStill()).toBe(atPause)
    const learned = await eventually(
      async () => (await call('GET', '/status')).json.learned?.accesses ?? 0,
      (count) => count >= accesses.length,
      { what: 'accesses that are learned during the pause' },
    )
    expect(learned).toBe(accesses.length)

    expect(await call('POST', '/resume', {})).toMatchObject({ status: 200 })
    await eventually(
      async () => (await call('POST', '/warm-requests', { id: 'second', paths })).status,
      (status) => status === 202,
      { what: 'a gateway that knows', withinMs: obeyedMs },
    )
    expect(await ended('second')).toMatchObject({ state: 'complete', verified: FILES })
    expect(await cached()).toBe(FILES)
  },
  BUSY_MS_MAX,
)
