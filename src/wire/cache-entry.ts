/**
 * An entry of the cache as bytes. Layout, numbers big-endian:
 *
 *     0      format, now 1
 *     1      state: f filled by a reader, u warm and unread, r warm and read (a store may flip it in place)
 *     2      compression: 0 none, 1 zstd
 *     3..6   length of the value in bytes
 *     7..10  length of the payload in bytes
 *     11..12 length of the command's id, 13..14 length of the traceparent, in bytes (0 for none)
 *     15..   command's id, traceparent (UTF-8), payload
 *
 * Whoever reads trusts none of it: bytes that do not add up are no entry.
 */

export type EntryState = 'filled' | 'unread' | 'read'
export type Compression = 'none' | 'zstd'

export type StoredEntry = {
  readonly state: EntryState
  readonly compression: Compression
  /** Length of the value that the payload unpacks to. */
  readonly valueBytes: number
  /** The command that brought a warm; empty for a fill. */
  readonly commandId: string
  readonly traceparent: string | null
  readonly payload: Uint8Array
}

/** Where a store finds the state, and what it holds before and after the first read of a warm. */
export const STATE_OFFSET = 1
export const UNREAD_BYTE = 0x75
export const READ_BYTE = 0x72

const FORMAT = 1
const FILLED_BYTE = 0x66
const HEADER_BYTES = 15
const STATES = new Map<number, EntryState>([
  [FILLED_BYTE, 'filled'],
  [UNREAD_BYTE, 'unread'],
  [READ_BYTE, 'read'],
])
const COMPRESSIONS: readonly Compression[] = ['none', 'zstd']
const STATE_BYTES: Record<EntryState, number> = { filled: FILLED_BYTE, unread: UNREAD_BYTE, read: READ_BYTE }

/** Writes an entry. A command's id and a traceparent are at most 65,535 bytes long. */
export function encodeEntry(entry: StoredEntry): Uint8Array {
  const commandId = new TextEncoder().encode(entry.commandId)
  const traceparent = new TextEncoder().encode(entry.traceparent ?? '')
  if (Math.max(commandId.length, traceparent.length) > 0xffff) {
    throw new RangeError('the id or the traceparent of a warm command is longer than 65,535 bytes')
  }
  const payloadAt = HEADER_BYTES + commandId.length + traceparent.length
  const bytes = new Uint8Array(payloadAt + entry.payload.length)
  const view = new DataView(bytes.buffer)
  bytes.set([FORMAT, STATE_BYTES[entry.state], COMPRESSIONS.indexOf(entry.compression)])
  view.setUint32(3, entry.valueBytes)
  view.setUint32(7, entry.payload.length)
  view.setUint16(11, commandId.length)
  view.setUint16(13, traceparent.length)
  bytes.set(commandId, HEADER_BYTES)
  bytes.set(traceparent, HEADER_BYTES + commandId.length)
  bytes.set(entry.payload, payloadAt)
  return bytes
}

/** Reads an entry whose value is at most `valueBytesMax` long; null for anything else. The payload is not copied. */
export function decodeEntry(bytes: Uint8Array, valueBytesMax: number): StoredEntry | null {
  if (bytes.length < HEADER_BYTES || bytes[0] !== FORMAT) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const state = STATES.get(view.getUint8(STATE_OFFSET))
  const compression = COMPRESSIONS[view.getUint8(2)]
  if (state === undefined || compression === undefined) return null
  const [valueBytes, payloadBytes] = [view.getUint32(3), view.getUint32(7)]
  const traceparentAt = HEADER_BYTES + view.getUint16(11)
  const payloadAt = traceparentAt + view.getUint16(13)
  if (payloadAt + payloadBytes !== bytes.length || valueBytes > valueBytesMax) return null
  if (compression === 'none' && valueBytes !== payloadBytes) return null
  const commandId = textIn(bytes.subarray(HEADER_BYTES, traceparentAt))
  const traceparent = textIn(bytes.subarray(traceparentAt, payloadAt))
  if (commandId === null || traceparent === null) return null
  const payload = bytes.subarray(payloadAt)
  return { state, compression, valueBytes, commandId, traceparent: traceparent === '' ? null : traceparent, payload }
}

function textIn(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
