import type { FileRef } from '../fold/file-ref.ts'
import { type ClosedSession, Profile, type PublisherMark, Session } from '../fold/session.ts'
import type { IdParts, RefOf } from './file-row.ts'
import { RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'

const VERSION = 1

/** Packs an open session, all but its sequence. */
export function encodeSession(writer: RowWriter, session: Session): Uint8Array {
  writer.start(VERSION)
  writer.text(session.id)
  writer.text(session.analyzer)
  writer.maybeText(session.revision)
  writer.uint(session.opened)
  writer.uint(session.firstMs)
  writer.uint(session.lastMs)
  writer.uint(session.touch)
  writer.uint(session.markMs)
  writer.uint(session.position)
  writer.uint(session.sequence.length)
  writer.byte(session.previous === null ? 0 : 1)
  if (session.previous !== null) writeId(writer, session.previous)
  writer.uint(session.window.length)
  for (const ref of session.window) writeId(writer, ref)
  writePublishers(writer, session.publishers)
  return writer.finish()
}

/** An open session and how many entries its sequence has; the entries are in rows of their own. */
export function decodeSession(bytes: Uint8Array, refOf: RefOf<FileRef>): { session: Session; length: number } {
  const reader = new RowReader(bytes, VERSION)
  const [id, analyzer, revision] = [reader.text(), reader.text(), reader.maybeText()]
  const session = new Session({ id, analyzer, revision, opened: reader.uint(), firstMs: reader.uint() })
  session.lastMs = reader.uint()
  session.touch = reader.uint()
  session.markMs = reader.uint()
  session.position = reader.uint()
  const length = reader.uint()
  if (reader.byte() === 1) session.previous = readId(reader, refOf)
  const files = reader.uint()
  for (let at = 0; at < files; at += 1) session.window.push(readId(reader, refOf))
  session.publishers = readPublishers(reader)
  return { session, length }
}

/** Packs the list of closed sessions. */
export function encodeClosed(writer: RowWriter, closed: readonly ClosedSession[]): Uint8Array {
  writer.start(VERSION)
  writer.uint(closed.length)
  for (const session of closed) {
    writer.text(session.id)
    writer.text(session.analyzer)
    writer.maybeText(session.revision)
    writer.uint(session.firstMs)
    writer.uint(session.lastMs - session.firstMs)
    writer.uint(session.opened)
    writer.uint(session.position)
    writer.uint(session.length)
    writePublishers(writer, session.publishers)
  }
  return writer.finish()
}

/** Reads what `encodeClosed` has packed. Throws RowFormatError. */
export function decodeClosed(bytes: Uint8Array): ClosedSession[] {
  const reader = new RowReader(bytes, VERSION)
  return Array.from({ length: reader.count() }, () => {
    const [id, analyzer, revision, firstMs] = [reader.text(), reader.text(), reader.maybeText(), reader.uint()]
    const lastMs = firstMs + reader.uint()
    const [opened, position, length] = [reader.uint(), reader.uint(), reader.uint()]
    return { id, analyzer, revision, firstMs, lastMs, opened, position, length, publishers: readPublishers(reader) }
  })
}

/** Packs a profile. */
export function encodeProfile(writer: RowWriter, profile: Profile): Uint8Array {
  writer.start(VERSION)
  writer.text(profile.analyzer)
  writer.uint(profile.epoch)
  writer.uint(profile.sessions)
  writer.uint(profile.closing)
  writer.uint(profile.files.size)
  for (const [ref, count] of profile.files) {
    writeId(writer, ref)
    writer.uint(count)
  }
  return writer.finish()
}

export type StoredProfile<Ref> = Omit<Profile, 'files'> & { files: Map<Ref, number> }

/** Reads what `encodeProfile` has packed. Throws RowFormatError. */
export function decodeProfile<Ref>(bytes: Uint8Array, refOf: RefOf<Ref>): StoredProfile<Ref> {
  const reader = new RowReader(bytes, VERSION)
  const analyzer = reader.text()
  const [epoch, sessions, closing, count] = [reader.uint(), reader.uint(), reader.uint(), reader.uint()]
  const files = new Map<Ref, number>()
  for (let at = 0; at < count; at += 1) files.set(readId(reader, refOf), reader.uint())
  return { analyzer, epoch, sessions, closing, files }
}

/** The profile as a shard holds it. */
export const profileOf = (stored: StoredProfile<FileRef>): Profile =>
  Object.assign(new Profile(stored.analyzer), stored)

function writeId(writer: RowWriter, ref: IdParts): void {
  writer.uint32(ref.high)
  writer.uint32(ref.low)
}

const readId = <Ref>(reader: RowReader, refOf: RefOf<Ref>): Ref => refOf(reader.uint32(), reader.uint32())

function writePublishers(writer: RowWriter, marks: readonly PublisherMark[]): void {
  writer.uint(marks.length)
  for (const mark of marks) {
    writer.text(mark.publisher)
    writer.uint(mark.next)
  }
}

function readPublishers(reader: RowReader): PublisherMark[] {
  return Array.from({ length: reader.count() }, () => ({ publisher: reader.text(), next: reader.uint() }))
}
