import { isMembershipError } from './errors.ts'

/** Heartbeats while a batch is handled. */
export type Heartbeats = {
  /** Ends them; throws if the member has to join its group again. */
  end(): void
}

/**
 * Sends heartbeats during a long batch and calls `onRejoin` once the group wants this member to join again: kafkajs by
 * itself would only notice after the batch (tulios/kafkajs#1527). A connection error says nothing about membership.
 */
export function keepHeartbeats(
  heartbeat: () => Promise<void>,
  options: { readonly everyMs: number; readonly onRejoin: () => void },
): Heartbeats {
  let rejoin: unknown = null
  const beat = async (): Promise<void> => {
    try {
      await heartbeat()
    } catch (error) {
      if (rejoin !== null || !isMembershipError(error)) return
      rejoin = error
      options.onRejoin()
    }
  }
  const timer = setInterval(() => void beat(), options.everyMs)
  return {
    end: () => {
      clearInterval(timer)
      if (rejoin !== null) throw rejoin
    },
  }
}
