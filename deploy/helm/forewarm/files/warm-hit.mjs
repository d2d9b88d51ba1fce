// Does the whole way work? Publishes a read, warms the file, and looks for the warm hit, all through the gateway.
// GATEWAY, WORKSPACE, WARM_PATH and TOKEN_FILE say where, what and as whom; exit code 0: it was seen.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const { GATEWAY, WORKSPACE, WARM_PATH, TOKEN_FILE } = process.env
const base = `${GATEWAY}/v1/workspaces/${encodeURIComponent(WORKSPACE)}`
const authorization = `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}`
const endMs = Date.now() + 90_000

async function ask(path, body) {
  const json = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization, 'content-type': 'application/json' },
  }
  const response = await fetch(`${base}${path}`, body === undefined ? { headers: { authorization } } : json)
  if (response.ok || response.status === 404) return response
  throw new Error(`${path}: ${response.status} ${await response.text()}`)
}

const session = `helm-test-${randomUUID()}`
await ask('/accesses', { session, analyzer: 'helm-test', accesses: [{ path: WARM_PATH, timeMs: Date.now() }] })
console.log(`published a read of ${WARM_PATH}`)

const { id } = await (await ask('/warm-requests', { paths: [WARM_PATH] })).json()
console.log(`asked for run ${id}`)

let run = null
while (run === null || ['planning', 'warming', 'verifying'].includes(run.state)) {
  if (Date.now() > endMs) throw new Error(`the run has not ended: ${JSON.stringify(run)}`)
  await delay(500)
  const answer = await ask(`/runs/${id}`)
  run = answer.ok ? await answer.json() : null
}
console.log(`the run is ${run.state}`)

const [file] = (await (await ask(`/runs/${id}/files`)).json()).files
if (file?.version == null) throw new Error(`the file was not warmed: ${JSON.stringify(file ?? run)}`)

const { path, version } = file
const found = await ask(`/cache?${new URLSearchParams({ path, version })}`)
const outcome = found.headers.get('x-forewarm-outcome')
console.log(`looked it up: ${outcome}`)
// A hit where somebody has read it since an earlier warm: this run found it there.
if (run.state !== 'complete' || !['warmHit', 'hit'].includes(outcome)) process.exitCode = 1
