import type { Session } from '../fold/session.ts'
import type { RefOf } from './file-row.ts'
import { RowReader } from './row-reader.ts'
import { RowWriter } from './row-writer.ts'

/** One access of a sequence. */
export type SequenceEntry<Ref> = { readonly ref: Ref; readonly timeMs: number }

const VERSION = 1
const WRITER = new RowWriter()

/** Packs one chunk of a session's sequence; the session still has the chunk's times. */
export function encodeSequenceChunk(session: Session, chunk: number, chunkSize: number): Uint8Array {
  const from = chunk * chunkSize
  const to = Math.min(from + chunkSize, session.sequence.length)
  WRITER.start(VERSION)
  WRITER.uint(to - from)
  let before = 0
  for (let at = from; at < to; at += 1) {
    const ref = session.sequence[at]
    const timeMs = session.timesMs[at - session.timesFrom]
    if (ref === undefined || timeMs === undefined) throw new RangeError('a saved chunk of a sequence was asked for')
    WRITER.uint32(ref.high)
    WRITER.uint32(ref.low)
    WRITER.int(timeMs - before)
    before = timeMs
  }
  return WRITER.finish()
}

/** Unpacks one chunk of a sequence. */
export function decodeSequenceChunk<Ref>(bytes: Uint8Array, refOf: RefOf<Ref>): SequenceEntry<Ref>[] {
  const reader = new RowReader(bytes, VERSION)
  const count = reader.uint()
  const entries: SequenceEntry<Ref>[] = []
  for (let at = 0, timeMs = 0; at < count; at += 1) {
    const ref = refOf(reader.uint32(), reader.uint32())
    timeMs += reader.int()
    entries.push({ ref, timeMs })
  }
  return entries
}
