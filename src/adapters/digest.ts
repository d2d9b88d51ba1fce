import { hash } from 'node:crypto'

/** SHA-256 of a text's UTF-8 bytes, in hex: what the core takes as its `Sha256Hex`. */
export const sha256Hex = (text: string): string => hash('sha256', text)

/** SHA-256 of bytes, in hex. */
export const digestHex = (bytes: Uint8Array): string => hash('sha256', bytes)
