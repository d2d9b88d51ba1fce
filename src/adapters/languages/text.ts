/** Bytes in which a NUL is looked for; git does the same. */
const SNIFFED_BYTES = 8_000

/** The text of a source file, or null for what is no text. Bytes that are no UTF-8 become replacement characters. */
export function sourceText(bytes: Uint8Array): string | null {
  const encoding = encodingByMark(bytes)
  if (encoding === 'utf-8' && bytes.subarray(0, SNIFFED_BYTES).includes(0)) return null
  return new TextDecoder(encoding).decode(bytes)
}

function encodingByMark([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}
