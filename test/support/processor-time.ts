import { processorClock } from '../../src/adapters/languages/deadline.ts'

/** Time that this thread has the processor for, milliseconds: however busy the machine is, it stays about the same. */
export function processorMs(work: () => void): number {
  const used = processorClock()
  work()
  return used()
}
