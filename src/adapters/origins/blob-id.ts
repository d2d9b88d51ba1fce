import { createHash } from 'node:crypto'

/** Git's name for these bytes: SHA-1 of `blob <length>\0` and the bytes, in lower-case hex. */
export const blobId = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex')
