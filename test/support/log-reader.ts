import type {
  BatchVerdict,
  LogBatch,
  LogHandler,
  LogRecord,
  OutgoingRecord,
  StartPosition,
  TopicPartition,
} from '../../src/ports/event-log.ts'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (value: Uint8Array): string => new TextDecoder().decode(value)

/** A record with this key and text and no headers. */
export const outgoing = (key: string | null, value: string): OutgoingRecord => ({
  key,
  value: bytes(value),
  headers: new Map(),
})

/** The offset after the last record of a batch. */
export const nextOf = (batch: LogBatch): number => (batch.records.at(-1)?.offset ?? -1) + 1

export type ReaderOptions = {
  readonly start?: StartPosition
  /** Instead of going on after the batch without a commit. */
  readonly onBatch?: (batch: LogBatch, signal: AbortSignal) => BatchVerdict | Promise<BatchVerdict>
}

/** A handler that notes what befalls it. */
export type Reader = LogHandler & {
  readonly records: LogRecord[]
  readonly batches: LogBatch[]
  readonly assignments: (readonly TopicPartition[])[]
  readonly revocations: (readonly TopicPartition[])[]
  /** Texts of the records seen so far. */
  texts(): string[]
}

export function createReader({ start = 'earliest', onBatch }: ReaderOptions = {}): Reader {
  const reader: Reader = {
    records: [],
    batches: [],
    assignments: [],
    revocations: [],
    texts: () => reader.records.map((record) => text(record.value)),
    async assigned(partitions) {
      reader.assignments.push(partitions)
      return partitions.map(() => start)
    },
    async revoked(partitions) {
      reader.revocations.push(partitions)
    },
    async batch(batch, signal) {
      reader.batches.push(batch)
      reader.records.push(...batch.records)
      return (await onBatch?.(batch, signal)) ?? { next: nextOf(batch) }
    },
  }
  return reader
}
