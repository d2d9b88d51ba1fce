import type { Origin, OriginEntry } from '../../ports/origin.ts'
import { Guard, type GuardedCall, type GuardOptions } from './guard.ts'
import { unavailable } from './unavailable.ts'

/** A listing, and a comparison of two revisions, may take this long to say something, milliseconds. */
const LISTING_MS = 60_000

/** The same origin, spared and kept from slowing others; all its revisions share one guard. */
export const guardOrigin = (origin: Origin, options: GuardOptions): Origin => guarded(origin, new Guard(options))

function guarded(origin: Origin, guard: Guard): Origin {
  const { timeoutMs } = guard
  const read = (operation: string, signal: AbortSignal): GuardedCall => ({
    ...{ operation, signal, timeoutMs },
    isRetried: true,
  })
  const ignored = origin.ignored?.bind(origin)
  const self: Origin = {
    read: (path, { bytesMax, signal }) =>
      guard.call(read('read', signal), (signal) => origin.read(path, { bytesMax, signal })),
    version: (path, signal) => guard.call(read('version', signal), (signal) => origin.version(path, signal)),
    list: (signal) => list(origin, guard, signal),
    changedSince: (ref, signal) => {
      const call = { operation: 'changedSince', signal, timeoutMs: LISTING_MS, isRetried: false }
      return guard.call(call, (signal) => origin.changedSince(ref, signal))
    },
    ...(ignored === undefined
      ? {}
      : {
          ignored: (signal: AbortSignal) => {
            const call = { operation: 'ignored', signal, timeoutMs: LISTING_MS, isRetried: false }
            return guard.call(call, (signal) => ignored(signal))
          },
        }),
    revision: (signal) => {
      const call = { operation: 'revision', signal, timeoutMs, isRetried: false }
      return guard.call(call, (signal) => origin.revision(signal))
    },
    at: (revision) => {
      const other = origin.at(revision)
      return other === origin ? self : guarded(other, guard)
    },
    close: () => origin.close(),
  }
  return self
}

/** The first entry is asked for like a file is; while the others come, only silence is watched. */
async function* list(origin: Origin, guard: Guard, signal: AbortSignal): AsyncGenerator<OriginEntry> {
  const over = new AbortController()
  const { promise: silent, reject } = Promise.withResolvers<never>()
  silent.catch(() => {})
  const stop = (reason: unknown): void => {
    over.abort(reason)
    reject(reason)
  }
  const watch = () => setTimeout(() => stop(unavailable(`no entry of the listing within ${LISTING_MS} ms`)), LISTING_MS)
  const leave = (): void => stop(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  const entries = origin.list(over.signal)[Symbol.asyncIterator]()
  const call = { operation: 'list', signal, timeoutMs: LISTING_MS, isRetried: false }
  try {
    let step = await guard.call(call, () => entries.next())
    while (step.done !== true) {
      yield step.value
      const timer = watch()
      step = await Promise.race([entries.next(), silent]).finally(() => clearTimeout(timer))
    }
  } finally {
    signal.removeEventListener('abort', leave)
    over.abort(new Error('the listing is not read any further'))
    entries.return?.()?.catch(() => {})
  }
}
