import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'

export type EventuallyOptions = {
  /** What is waited for, for the message. */
  what?: string
  /** A minute where nothing is said: a busy machine takes long, and only what fails takes so long. */
  withinMs?: number
  everyMs?: number
}

/**
 * Reads a value again and again until it `holds`, and answers with it. An error in `read` counts as "not yet". When the
 * time is over the error shows the last value or the last error, so that a failed test tells what it saw.
 */
export async function eventually<T>(
  read: () => T | Promise<T>,
  holds: (value: T) => boolean,
  options: EventuallyOptions = {},
): Promise<T> {
  const { what = 'the condition', withinMs = 60_000, everyMs = 25 } = options
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const seen = await attempt(read)
    if (seen.ok && holds(seen.value)) return seen.value
    if (performance.now() >= deadlineMs) {
      const last = seen.ok
        ? `the last value was ${inspect(seen.value, { depth: 5 })}`
        : `the last read failed: ${seen.error}`
      throw new Error(`${what} did not come about within ${withinMs} ms; ${last}`, seen.ok ? {} : { cause: seen.error })
    }
    await delay(everyMs)
  }
}

type Attempt<T> = { ok: true; value: T } | { ok: false; error: unknown }

async function attempt<T>(read: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await read() }
  } catch (error) {
    return { ok: false, error }
  }
}
