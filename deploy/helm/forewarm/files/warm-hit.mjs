// Does the whole way work? Publishes a read, warms the file, and looks for the warm hit, all through the gateway.
// GATEWAY, WORKSPACE, WARM_PATH and TOKEN_FILE say where, what and as whom, CERT_FILE and KEY_FILE the certificate to come
// with where the gateway requires one; exit code 0: it was seen.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

const { GATEWAY, WORKSPACE, WARM_PATH, TOKEN_FILE, CERT_FILE, KEY_FILE } = process.env
const base = `${GATEWAY}/v1/workspaces/${encodeURIComponent(WORKSPACE)}`
const authorization = `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}`
const certificate = CERT_FILE === undefined ? {} : { cert: readFileSync(CERT_FILE), key: readFileSync(KEY_FILE) }
const { request } = base.startsWith('https:') ? https : http
const endMs = Date.now() + 90_000

async function ask(path, body) {
  const method = body === undefined ? 'GET' : 'POST'
  const response = await new Promise((resolve, reject) => {
    const headers = { authorization, 'content-type': 'application/json' }
    request(`${base}${path}`, { method, headers, ...certificate }, resolve)
      .on('error', reject)
      .end(body && JSON.stringify(body))
  })
  const { statusCode, headers } = response
  const said = await text(response)
  if (statusCode < 300) return { headers, said }
  if (statusCode === 404) return { headers, said: null }
  throw new Error(`${path}: ${statusCode} ${said}`)
}

const session = `helm-test-${randomUUID()}`
await ask('/accesses', { session, analyzer: 'helm-test', accesses: [{ path: WARM_PATH, timeMs: Date.now() }] })
console.log(`published a read of ${WARM_PATH}`)

const { id } = JSON.parse((await ask('/warm-requests', { paths: [WARM_PATH] })).said)
console.log(`asked for run ${id}`)

let run = null
while (run === null || ['planning', 'warming', 'verifying'].includes(run.state)) {
  if (Date.now() > endMs) throw new Error(`the run has not ended: ${JSON.stringify(run)}`)
  await delay(500)
  run = JSON.parse((await ask(`/runs/${id}`)).said)
}
console.log(`the run is ${run.state}`)

const [file] = JSON.parse((await ask(`/runs/${id}/files`)).said).files
if (file?.version == null) throw new Error(`the file was not warmed: ${JSON.stringify(file ?? run)}`)

const { path, version } = file
const found = await ask(`/cache?${new URLSearchParams({ path, version })}`)
const outcome = found.headers['x-forewarm-outcome']
console.log(`looked it up: ${outcome}`)
// A hit where somebody has read it since an earlier warm: this run found it there.
if (run.state !== 'complete' || !['warmHit', 'hit'].includes(outcome)) process.exitCode = 1
