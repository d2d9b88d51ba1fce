import type { FileCounts } from '../fold/file-counts.ts'
import { countAt, type HourCounts, hourAt, hourEntry } from '../fold/hours.ts'
import type { RankedList } from '../fold/ranked-list.ts'
import { RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'

/** How ids in a row become what the reader names files by. */
export type RefOf<Ref> = (high: number, low: number) => Ref

export type IdParts = { readonly high: number; readonly low: number }

const VERSION = 1

/** Packs a file's counts: about 60 bytes and the path at first, below 700 when everything is full. */
export function encodeFile(writer: RowWriter, file: FileCounts<IdParts>): Uint8Array {
  writer.start(VERSION)
  writer.text(file.path)
  writer.uint(file.touch)
  writer.uint(file.epoch)
  writer.uint(file.frequency)
  writer.uint(file.lastAccessMs)
  writer.maybeText(file.version)
  writer.uint(file.versionAtMs + 1)
  writeTimes(writer, file.timesMs)
  writeHours(writer, file.dayHours)
  writeHours(writer, file.weekHours)
  writeList(writer, file.coAccess)
  writeList(writer, file.successors)
  return writer.finish()
}

/** Fills `into`, made by the path that is read first, from a packed row. */
export function decodeFile<Ref, File extends FileCounts<Ref>>(
  bytes: Uint8Array,
  refOf: RefOf<Ref>,
  make: (path: string) => File,
): File {
  const reader = new RowReader(bytes, VERSION)
  const file = make(reader.text())
  file.touch = reader.uint()
  file.epoch = reader.uint()
  file.frequency = reader.uint()
  file.lastAccessMs = reader.uint()
  file.version = reader.maybeText()
  file.versionAtMs = reader.uint() - 1
  file.timesMs = readTimes(reader)
  file.dayHours = readHours(reader)
  file.weekHours = readHours(reader)
  readList(reader, file.coAccess, refOf)
  readList(reader, file.successors, refOf)
  return file
}

/** The earliest time, then how much later each next one is. */
function writeTimes(writer: RowWriter, timesMs: readonly number[]): void {
  writer.uint(timesMs.length)
  let before = 0
  for (const timeMs of timesMs) {
    writer.uint(timeMs - before)
    before = timeMs
  }
}

function readTimes(reader: RowReader): number[] {
  const count = reader.uint()
  const times: number[] = []
  for (let at = 0, timeMs = 0; at < count; at += 1) {
    timeMs += reader.uint()
    times.push(timeMs)
  }
  return times
}

/** Sparse (hour gaps and counts) while that is shorter, dense from the first to the last hour otherwise. */
function writeHours(writer: RowWriter, hours: HourCounts): void {
  writer.uint(hours.length)
  if (hours.length === 0) return
  const first = hourAt(hours[0] ?? 0)
  const span = hourAt(hours[hours.length - 1] ?? 0) - first + 1
  writer.byte(first)
  writer.byte(span)
  const dense = span < 2 * hours.length
  let hour = first
  for (const entry of hours) {
    if (dense) for (; hour < hourAt(entry); hour += 1) writer.byte(0)
    else writer.byte(hourAt(entry) - hour)
    writer.uint(countAt(entry))
    hour = hourAt(entry) + 1
  }
}

function readHours(reader: RowReader): HourCounts {
  const hours: HourCounts = []
  const length = reader.uint()
  if (length === 0) return hours
  let hour = reader.byte()
  const span = reader.byte()
  const dense = span < 2 * length
  while (hours.length < length) {
    if (!dense) hour += reader.byte()
    const count = reader.uint()
    if (count > 0) hours.push(hourEntry(hour, count))
    hour += 1
  }
  return hours
}

function writeList(writer: RowWriter, list: RankedList<IdParts>): void {
  const { refs, counts } = list
  writer.uint(refs.length)
  for (let at = 0; at < refs.length; at += 1) {
    const ref = refs[at] as IdParts
    writer.uint32(ref.high)
    writer.uint32(ref.low)
    writer.uint(counts[at] ?? 0)
  }
}

function readList<Ref>(reader: RowReader, list: RankedList<Ref>, refOf: RefOf<Ref>): void {
  const length = reader.uint()
  for (let at = 0; at < length; at += 1) {
    list.refs.push(refOf(reader.uint32(), reader.uint32()))
    list.counts.push(reader.uint())
  }
}
