import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { makeRunFolder } from './locations.ts'
import { freePort } from './ports.ts'
import { findRedis } from './redis-binary.ts'
import { ServerProcess } from './server-process.ts'

/** Settings by their names in redis.conf, such as `{ maxmemory: '64mb', appendonly: 'yes' }`. */
export type RedisOptions = { settings?: Record<string, string> }

export type Redis = {
  url: string
  host: string
  port: number
  /** Where its data lies: the append-only files, the dump. Gone after `stop`. */
  folder: string
  process: ServerProcess
  stop: () => Promise<void>
}

/** Starts a Redis of its own, without persistence unless the settings ask for it. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const [binary, folder, port] = [await findRedis(), await makeRunFolder('redis'), await freePort()]
  const settings = { port: String(port), bind: '127.0.0.1', save: '', appendonly: 'no', ...options.settings }
  const server = new ServerProcess({
    name: `Redis at port ${port}`,
    command: binary.command,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    env: binary.env,
    cwd: folder,
    logFile: join(folder, 'server.log'),
    isReady: () => answersPing(port),
    mend: `read ${join(folder, 'server.log')}`,
  })
  await server.start()
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { url: `redis://127.0.0.1:${port}`, host: '127.0.0.1', port, folder, process: server, stop }
}

/** True once the server answers PONG: while it loads its data it answers with an error instead. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('data', (reply) => {
      resolve(reply.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
