/**
 * The frame around every Avro payload, as Confluent's serializers write it: a zero byte, then the writer schema's id as
 * 4 bytes, big-endian. A registry's ids are positive. Embedded there is no registry: there the id is local, has its top
 * bit set, and says topic and schema revision itself, so that the one can never be taken for the other.
 */

export const FRAME_BYTES = 5

const LOCAL = 0x80000000

export type Frame = { readonly schemaId: number; readonly payload: Uint8Array }

/** Puts the frame around a payload. `schemaId` is an unsigned 32-bit number. */
export function frame(schemaId: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length)
  new DataView(bytes.buffer).setUint32(1, schemaId)
  bytes.set(payload, FRAME_BYTES)
  return bytes
}

/** Takes the frame off without copying, or says why there is none. */
export function unframe(bytes: Uint8Array): Frame | string {
  if (bytes.length < FRAME_BYTES) return `record of ${bytes.length} bytes is shorter than its frame`
  if (bytes[0] !== 0) return `unknown magic byte ${bytes[0]}`
  const schemaId = new DataView(bytes.buffer, bytes.byteOffset, FRAME_BYTES).getUint32(1)
  return { schemaId, payload: bytes.subarray(FRAME_BYTES) }
}

/** Local id of a schema: `topic` 0..255 and `revision` 1..65535 as numbers. */
export const localSchemaId = (topic: number, revision: number): number => (LOCAL | (topic << 16) | revision) >>> 0

export const isLocalSchemaId = (schemaId: number): boolean => schemaId >= LOCAL
