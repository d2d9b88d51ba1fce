/** A copy of `array` at least `length` long, new places filled with `fill`; grows by doubling. */
export function grownInt32(array: Int32Array, length: number, fill = 0): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(Math.max(length, array.length * 2))
  wide.set(array)
  if (fill !== 0) wide.fill(fill, array.length)
  return wide
}

/** As `grownInt32`, for doubles. */
export function grownFloat64(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(Math.max(length, array.length * 2))
  wide.set(array)
  return wide
}

/** A 32-bit mix of two integers (the finalizer of MurmurHash3, Appleby 2011). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A 32-bit hash of a text (FNV-1a). */
export function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let at = 0; at < text.length; at++) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193)
  return h
}

/** 0 for 0, then one step a doubling: the bucket of a count or a distance, at most `max`. */
export function log2Bucket(value: number, max: number): number {
  return value <= 0 ? 0 : Math.min(max, 32 - Math.clz32(value))
}
