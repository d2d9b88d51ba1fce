import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that can lose what a server answers, as a connection does that breaks after the request was sent, or delay it. */
export type LossyProxy = {
  port: number
  /** From the next bytes of a request that hold `text` on, loses the answers and breaks the connection, `times` times. */
  loseAnswerTo: (text: string, times?: number) => void
  /** How many answers were lost so far. */
  lost: () => number
  /** Every answer comes so much later from now on. */
  delayAnswers: (ms: number) => void
  /** Breaks all connections and refuses new ones, as a server does that was killed. */
  goAway: () => Promise<void>
  /** Serves again at the same port. */
  comeBack: () => Promise<void>
  stop: () => Promise<void>
}

/** Starts a proxy before the server at `port`, on this machine unless told. */
export async function startLossyProxy(port: number, host = '127.0.0.1'): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  const plan: Plan = { text: '', times: 0, lost: 0, delayMs: 0 }
  const server = createServer((client) => relay({ client, upstream: connect(port, host) }, plan, sockets))
  const listen = async (at: number): Promise<void> => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port: own } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  const loseAnswerTo = (text: string, times = 1): void => {
    plan.text = text
    plan.times = times
  }
  const delayAnswers = (ms: number): void => {
    plan.delayMs = ms
  }
  return {
    port: own,
    loseAnswerTo,
    delayAnswers,
    lost: () => plan.lost,
    goAway: stop,
    comeBack: () => listen(own),
    stop,
  }
}

/** What is to befall answers: those to `text` are lost so many times more, the others come later. */
type Plan = { text: string; times: number; lost: number; delayMs: number }

type Ends = { readonly client: Socket; readonly upstream: Socket }

/** Passes on what both ends say, as the plan has it; when one ends, both do. */
function relay({ client, upstream }: Ends, plan: Plan, sockets: Set<Socket>): void {
  let isLosing = false
  let lastAtMs = 0
  for (const socket of [client, upstream]) {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      client.destroy()
      upstream.destroy()
    })
  }
  client.on('data', (request) => {
    if (plan.times > 0 && request.includes(plan.text)) {
      plan.times -= 1
      isLosing = true
    }
    upstream.write(request)
  })
  upstream.on('data', (answer) => {
    if (!isLosing) {
      // Never before the answer that came first.
      lastAtMs = Math.max(lastAtMs, performance.now() + plan.delayMs)
      const leftMs = lastAtMs - performance.now()
      return leftMs <= 0 ? client.write(answer) : setTimeout(() => client.write(answer), leftMs)
    }
    plan.lost += 1
    return client.destroy()
  })
}
