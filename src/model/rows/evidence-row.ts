import { READ_GROUPS, type ReadGroups, WarmingEvidence } from '../fold/evidence.ts'
import { RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'

const VERSION = 1

/** Packs what shows whether warming was right. */
export function encodeEvidence(writer: RowWriter, { groups, spans, wastedBytes }: WarmingEvidence): Uint8Array {
  writer.start(VERSION)
  for (const group of [groups.treated, groups.control]) writeGroups(writer, group)
  writer.uint(spans.size)
  for (const [span, { hit, late, wasted }] of spans) for (const number of [span, hit, late, wasted]) writer.uint(number)
  writer.uint(wastedBytes.size)
  for (const [reason, bytes] of wastedBytes) {
    writer.text(reason)
    writer.uint(bytes)
  }
  return writer.finish()
}

/** Reads what `encodeEvidence` has packed. Throws RowFormatError. */
export function decodeEvidence(bytes: Uint8Array): WarmingEvidence {
  const reader = new RowReader(bytes, VERSION)
  const evidence = new WarmingEvidence()
  for (const group of [evidence.groups.treated, evidence.groups.control]) readGroups(reader, group)
  for (let spans = reader.uint(); spans > 0; spans -= 1) {
    evidence.spans.set(reader.uint(), { hit: reader.uint(), late: reader.uint(), wasted: reader.uint() })
  }
  for (let reasons = reader.uint(); reasons > 0; reasons -= 1) evidence.wastedBytes.set(reader.text(), reader.uint())
  return evidence
}

/** Hits take no room where there are no reads: most workspaces have few files in the control group. */
function writeGroups(writer: RowWriter, { reads, hits }: ReadGroups): void {
  for (let at = 0; at < READ_GROUPS; at += 1) {
    writer.uint(reads[at] ?? 0)
    if ((reads[at] ?? 0) > 0) writer.uint(hits[at] ?? 0)
  }
}

function readGroups(reader: RowReader, { reads, hits }: ReadGroups): void {
  for (let at = 0; at < READ_GROUPS; at += 1) {
    const count = reader.uint()
    reads[at] = count
    hits[at] = count > 0 ? reader.uint() : 0
  }
}
