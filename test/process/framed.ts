/** A real process in the frame, for test/process/frame.test.ts: its argument says how it behaves. */
import { createLog } from '../../src/adapters/logging/pino-log.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import { type Running, runProcess } from '../../src/process.ts'

const behaviour = process.argv[2]
const log = createLog({ level: 'info', process: 'framed' })
const never = new Promise<void>(() => {})

/** Keeps the process alive as an open connection would. */
const alive = setInterval(() => {}, 1_000)

async function start(signal: AbortSignal): Promise<Running> {
  if (behaviour === 'refuse') throw new ForewarmError('FW_STORE_MAY_EVICT', 'set maxmemory-policy to noeviction')
  if (behaviour === 'misconfigured') throw new ForewarmError('FW_CONFIG_INVALID', 'x is unknown')
  if (behaviour === 'slow-start') {
    console.log('starting')
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  if (behaviour === 'hung-start') {
    console.log('starting')
    await never
  }
  console.log('running')
  if (behaviour === 'crash') setTimeout(() => Promise.reject(new Error('nobody waits for this')), 10)
  return {
    ended:
      behaviour === 'break'
        ? Promise.reject(new Error('the engine broke'))
        : behaviour === 'end'
          ? Promise.resolve()
          : never,
    stop: async () => {
      console.log('stop called')
      if (behaviour === 'hang') await never
      console.log('offsets committed')
    },
    abandon: async () => {
      console.log('groups left')
      if (behaviour === 'crash') await never
    },
  }
}

const code = await runProcess({ log, start, stopDeadlineMs: 500 })
clearInterval(alive)
process.exit(code)
