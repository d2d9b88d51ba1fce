import { createRequire } from 'node:module'

/** The part of kafkajs's RequestQueue that matters here. */
type RequestQueue = {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
}

type RequestQueueClass = { readonly prototype: RequestQueue & { scheduleCheckPendingRequests(): void } }

/** As often as kafkajs looks for itself; also covers a throttle that ends between two looks at the clock. */
const CHECK_MS = 10

/**
 * kafkajs 2.2.4 arms a timer without end on every connection, also when nothing waits to be sent: about 840 wake-ups a
 * second each (tulios/kafkajs#1556, #1704, #1751). This gives its queue a schedule that arms a timer only while requests
 * are pending. Remove it once a release has the mend; a test counts the wake-ups.
 */
export function mendIdleSpin(): void {
  const queue: RequestQueueClass = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js')
  if (typeof queue.prototype.scheduleCheckPendingRequests !== 'function') {
    throw new Error('kafkajs is not version 2.2.4, for which its idle spin is mended; pin that version')
  }
  queue.prototype.scheduleCheckPendingRequests = schedule
}

function schedule(this: RequestQueue): void {
  if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    },
    Math.max(this.throttledUntil - Date.now(), CHECK_MS),
  )
}
