import { type Finding, findingsOf } from './finding.ts'

/** Commands are void and reads are late by the clocks of several machines: a warm takes some hundred milliseconds. */
const OFF_MS = 1_000
const FAR_OFF_MS = 5_000

/** `withinMs` is how far the truth may lie from `aheadMs`: what is no more than that is no finding. */
export function clockFinding(
  subject: string,
  { aheadMs, withinMs }: { readonly aheadMs: number; readonly withinMs: number },
): Finding {
  const { ok, warn, fail } = findingsOf(subject)
  const offMs = Math.max(0, Math.abs(aheadMs) - withinMs)
  if (offMs < OFF_MS)
    return ok(`its clock and this machine's agree within ${Math.ceil(Math.abs(aheadMs) + withinMs)} ms`)
  const what = `its clock is ${seconds(Math.abs(aheadMs))} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`
  const mend = 'keep all machines by NTP (chrony): deadlines, late reads and hours are told by their clocks'
  return offMs < FAR_OFF_MS ? warn(what, mend) : fail(what, mend)
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
