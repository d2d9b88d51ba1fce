/** Tells of a client of which nothing is heard any more: kafkajs may stop without a word. */
import { ForewarmError } from '../../ports/errors.ts'

export type SilenceWatch = {
  readonly heard: () => void
  readonly end: () => void
}

type WatchOptions = {
  readonly silenceMs: number
  /** While work is in hand the client is not expected to say anything. */
  readonly isBusy: () => boolean
  /** Called again and again as long as nothing is heard. */
  readonly onSilence: (silentMs: number) => void
}

/**
 * Calls `onSilence` when nothing was heard for `silenceMs`, and again until something is; work in hand counts as heard.
 */
export function watchSilence({ silenceMs, isBusy, onSilence }: WatchOptions): SilenceWatch {
  let heardMs = performance.now()
  const heard = (): void => {
    heardMs = performance.now()
  }
  const timer = setInterval(() => {
    if (isBusy()) heard()
    const silentMs = performance.now() - heardMs
    if (silentMs > silenceMs) onSilence(silentMs)
  }, silenceMs / 4)
  return { heard, end: () => clearInterval(timer) }
}

/** What ends the consumer then. */
export const silentGroup = (groupId: string, silentMs: number): ForewarmError =>
  new ForewarmError(
    'FW_LOG_UNAVAILABLE',
    `nothing was heard of the group ${groupId} for ${Math.round(silentMs)} ms: the client stopped in silence or the ` +
      'brokers do not answer; start this process again',
    { retriable: true },
  )
