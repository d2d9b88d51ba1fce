import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'

const answerMsMax = 2000

/** Whether a Docker engine answers where DOCKER_HOST points, or at the usual sockets. */
export async function hasDockerEngine(): Promise<boolean> {
  const host = process.env['DOCKER_HOST']
  if (host?.startsWith('unix://')) return pingEngine({ socketPath: host.slice('unix://'.length) })
  if (host?.startsWith('tcp://')) return pingEngine({ host: new URL(host).hostname, port: new URL(host).port })
  const sockets = ['/var/run/docker.sock', join(process.env['XDG_RUNTIME_DIR'] ?? '/run', 'docker.sock')]
  for (const socketPath of sockets.filter((path) => existsSync(path))) {
    if (await pingEngine({ socketPath })) return true
  }
  return false
}

function pingEngine(target: { socketPath: string } | { host: string; port: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: answerMsMax }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    ping.once('timeout', () => ping.destroy(new Error('no answer')))
    ping.once('error', () => resolve(false))
    ping.end()
  })
}
