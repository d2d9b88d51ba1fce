import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const lowest = 10_240
const handedOut = new Set<number>()

/**
 * Free ports on the loopback, tried by binding each. They lie below the range from which the system takes the ports of
 * outgoing connections: a server that is killed and restarted must find its port again, and a client that retries
 * against a dead server must not connect to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  const span = ephemeralStart() - lowest
  while (ports.length < count) {
    const port = lowest + Math.floor(Math.random() * span)
    if (handedOut.has(port) || !(await canBind(port))) continue
    handedOut.add(port)
    ports.push(port)
  }
  return ports
}

/** One free port; see {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('freePorts(1) answered with no port')
  return port
}

function ephemeralStart(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
  } catch {
    return 32_768
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
