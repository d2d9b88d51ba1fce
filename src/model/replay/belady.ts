import type { Trace } from './trace.ts'

/**
 * Hits, row by row, of a cache that fills on demand and evicts the file whose next read is farthest away (Belady
 * 1966, "A study of replacement algorithms for a virtual-storage computer"): the bound of any policy without warming.
 */
export function beladyHits(trace: Trace, capacityFiles: number): Uint8Array {
  const nextRead = nextReads(trace)
  const hits = new Uint8Array(trace.file.length)
  const dueOf = new Int32Array(trace.files.length).fill(-1)
  const farthest = new FarthestFirst()
  let size = 0
  for (let row = 0; row < trace.file.length; row++) {
    const file = trace.file[row] ?? 0
    const due = nextRead[row] ?? NEVER
    if ((dueOf[file] ?? -1) >= 0) hits[row] = 1
    else if (size < capacityFiles) size++
    else dueOf[evict(farthest, dueOf)] = -1
    dueOf[file] = due
    farthest.push(file, due)
  }
  return hits
}

const NEVER = 0x7fffffff

/** Entries whose file was read again since are stale: their due row is not the file's any more. */
function evict(farthest: FarthestFirst, dueOf: Int32Array): number {
  for (;;) {
    const top = farthest.pop()
    if (dueOf[top.file] === top.due) return top.file
  }
}

function nextReads(trace: Trace): Int32Array {
  const next = new Int32Array(trace.file.length)
  const seen = new Int32Array(trace.files.length).fill(NEVER)
  for (let row = trace.file.length - 1; row >= 0; row--) {
    const file = trace.file[row] ?? 0
    next[row] = seen[file] ?? NEVER
    seen[file] = row
  }
  return next
}

/** A binary heap of (file, due row), farthest due on top. */
class FarthestFirst {
  readonly #items: { file: number; due: number }[] = []

  push(file: number, due: number): void {
    const items = this.#items
    const item = { file, due }
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent]
      if (above === undefined || above.due >= due) break
      items[at] = above
      at = parent
    }
    items[at] = item
  }

  pop(): { file: number; due: number } {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined) throw new RangeError('no entry to evict: capacity below one file')
    if (items.length > 0) this.#sink(last)
    return top
  }

  #sink(item: { file: number; due: number }): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const right = items[child + 1]
      let larger = items[child]
      if (larger === undefined) break
      if (right !== undefined && right.due > larger.due) {
        child++
        larger = right
      }
      if (larger.due <= item.due) break
      items[at] = larger
      at = child
    }
    items[at] = item
  }
}
