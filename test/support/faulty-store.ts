import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { ForewarmError } from '../../src/ports/errors.ts'
import type { ApplyRequest, ModelStore } from '../../src/ports/model-store.ts'

/** What befalls the next write. `crash` ends the process, before or after the write. */
export type WriteFault = 'none' | 'unavailable' | 'full' | 'replyLost' | 'crashBefore' | 'crashAfter'

/** The end of a process in the middle of its work. */
export class Crash extends Error {}

export type FaultyStore = ModelStore & {
  /** Faults of the coming writes, the next one first. */
  readonly faults: WriteFault[]
  /** Writes that were carried out. */
  applied(): number
  /** Takes back a bucket's last writes, as a failover to a replica that lags does. */
  rollBack(bucket: number, writes: number): Promise<boolean>
}

/** A model store in memory that fails on demand and can lose its tail. */
export function createFaultyStore(): FaultyStore {
  const store = createMemoryModelStore()
  const history = new Map<number, ApplyRequest[]>()
  const faults: WriteFault[] = []
  let applied = 0
  const carryOut = async (request: ApplyRequest) => {
    const result = await store.apply(request)
    if (!result.applied) return result
    applied += 1
    history.set(request.bucket, [...(history.get(request.bucket) ?? []), request])
    return result
  }
  return {
    ...store,
    faults,
    applied: () => applied,
    async apply(request) {
      const fault = faults.shift()
      if (fault === 'unavailable' || fault === 'full') throw broken(fault)
      if (fault === 'crashBefore') throw new Crash('before a write')
      const result = await carryOut(request)
      if (fault === 'replyLost') throw broken('unavailable')
      if (fault === 'crashAfter') throw new Crash('after a write')
      return result
    },
    async rollBack(bucket, writes) {
      const kept = history.get(bucket) ?? []
      const lost = kept.splice(Math.max(0, kept.length - writes))
      // All in one turn, before anybody else comes by: the memory store does its work when it is called.
      await Promise.all([store.dropBucket(bucket), ...kept.map((request) => store.apply(request))])
      return lost.length > 0
    },
    async dropBucket(bucket) {
      history.delete(bucket)
      await store.dropBucket(bucket)
    },
  }
}

const broken = (kind: 'unavailable' | 'full'): ForewarmError =>
  kind === 'full'
    ? new ForewarmError('FW_STORE_FULL', 'the store is full')
    : new ForewarmError('FW_STORE_UNAVAILABLE', 'the store is away', { retriable: true })
