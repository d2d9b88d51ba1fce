import { mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { runCommand, ServiceError } from './command.ts'
import { cached } from './download-cache.ts'
import { makeRunFolder } from './locations.ts'
import { freePort } from './ports.ts'
import { ServerProcess } from './server-process.ts'

/** VersityGW: an S3 server on a folder, from the Go module proxy. Built once, in about two minutes on two cores. */
const version = 'v1.8.0'
const mend = 'install Go 1.25 or newer, or give the path of a versitygw as FOREWARM_TEST_S3_SERVER, see docs/testing.md'

export type S3Server = {
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  process: ServerProcess
  stop: () => Promise<void>
}

/** Starts an S3-compatible server of its own that keeps versions of objects where a bucket asks for it. */
export async function startS3(): Promise<S3Server> {
  const [command, folder, port] = [await findServer(), await makeRunFolder('s3'), await freePort()]
  const [data, versions] = [join(folder, 'data'), join(folder, 'versions')]
  await mkdir(data)
  await mkdir(versions)
  const credentials = { accessKeyId: 'forewarm', secretAccessKey: 'forewarm-secret' }
  const server = new ServerProcess({
    name: `VersityGW ${version}`,
    command,
    args: ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', '--versioning-dir', versions, data],
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    cwd: folder,
    logFile: join(folder, 'server.log'),
    isReady: () => accepts(port),
    mend: `read ${join(folder, 'server.log')}`,
  })
  await server.start()
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { endpoint: `http://127.0.0.1:${port}`, credentials, process: server, stop }
}

async function findServer(): Promise<string> {
  const named = process.env['FOREWARM_TEST_S3_SERVER']
  if (named) return named
  await runCommand('go', ['version'], { mend }).catch((cause) => {
    throw new ServiceError('the S3 server of the tests is built by Go, and there is none on the PATH', mend, cause)
  })
  const folder = await cached(`versitygw-${version}-${process.platform}-${process.arch}`, async (unfinished) => {
    const env = { GOBIN: unfinished, CGO_ENABLED: '0' }
    await runCommand('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${version}`], { mend, env })
  })
  return join(folder, 'versitygw')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('connect', () => socket.destroy())
    socket.once('error', () => resolve(false))
  })
}
