import { promisify } from 'node:util'
import { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { EntrySource } from '../ports/cache.ts'
import type { Compression, StoredEntry } from '../wire/cache-entry.ts'

const compressAsync = promisify(zstdCompress)
const decompressAsync = promisify(zstdDecompress)

/** Shorter values are not worth the call. */
const BYTES_MIN = 256
/** Up to here (about 0.3 ms) the call itself is cheaper than handing it to another thread, by 0.1 ms measured at 4 KiB. */
const SYNC_BYTES_MAX = 65_536
/** Packed bytes are kept only if they are at most so much of the value: a read must unpack what a write packed. */
const SHARE_MAX = 0.9

export type Packed = { readonly compression: Compression; readonly payload: Uint8Array }

/** Compresses a value where that pays. */
export async function pack(value: Uint8Array): Promise<Packed> {
  if (value.length >= BYTES_MIN) {
    const options = { pledgedSrcSize: value.length }
    const payload =
      value.length <= SYNC_BYTES_MAX ? zstdCompressSync(value, options) : await compressAsync(value, options)
    if (payload.length <= value.length * SHARE_MAX) return { compression: 'zstd', payload }
  }
  return { compression: 'none', payload: value }
}

type PackedEntry = Pick<StoredEntry, 'compression' | 'payload' | 'valueBytes'>

/**
 * The value of a stored entry; null when the payload is damaged. No more than `valueBytes` are ever allocated, so a few
 * bytes cannot unpack to gigabytes.
 */
export async function unpack(entry: PackedEntry): Promise<Uint8Array | null> {
  if (entry.compression === 'none') return entry.payload
  const value = await decompress(entry)
  return value?.length === entry.valueBytes ? value : null
}

async function decompress({ payload, valueBytes }: PackedEntry): Promise<Uint8Array | null> {
  const options = { maxOutputLength: Math.max(1, valueBytes) }
  try {
    return valueBytes <= SYNC_BYTES_MAX ? zstdDecompressSync(payload, options) : await decompressAsync(payload, options)
  } catch {
    // Bytes that are no zstd frame, or unpack to more than they say: there is no other way for it to fail.
    return null
  }
}

/** Where a stored entry came from, in the port's words. */
export const sourceOf = (entry: Pick<StoredEntry, 'state' | 'commandId' | 'traceparent'>): EntrySource =>
  entry.state === 'filled'
    ? { kind: 'fill' }
    : { kind: 'warm', commandId: entry.commandId, traceparent: entry.traceparent }
