import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import kafkajs from 'kafkajs'

export type Compression = 'none' | 'gzip' | 'zstd'

/** A record batch may be so large unpacked; a small message that unpacks to more is refused before it fills memory. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024

const limits = { maxOutputLength: UNPACKED_BYTES_MAX }
const gzip = promisify(zlib.gzip)
const gunzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const zstd = promisify<Uint8Array, Buffer>(zlib.zstdCompress)
const unzstd = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)

type Encoder = { readonly buffer: Buffer }

/** Teaches kafkajs zstd by Node's own library, and bounds what gzip and zstd unpack to. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs
  CompressionCodecs[CompressionTypes.GZIP] = () => ({
    compress: (encoder: Encoder) => gzip(encoder.buffer),
    decompress: (packed: Buffer) => gunzip(packed, limits),
  })
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: Encoder) => zstd(encoder.buffer),
    decompress: (packed: Buffer) => unzstd(packed, limits),
  })
}

/** kafkajs's number for a compression. */
export const compressionType = (compression: Compression): number =>
  ({
    none: kafkajs.CompressionTypes.None,
    gzip: kafkajs.CompressionTypes.GZIP,
    zstd: kafkajs.CompressionTypes.ZSTD,
  })[compression]
