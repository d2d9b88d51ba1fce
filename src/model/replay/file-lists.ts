/**
 * Doubly linked lists of small integers in typed arrays, for caches that are played over millions of reads. A node is in
 * one list at a time; nodes below the number of lists are the lists' own heads.
 */
export class FileLists {
  readonly #lists: number
  #older: Int32Array
  #newer: Int32Array

  constructor(lists: number, nodes: number) {
    this.#lists = lists
    this.#older = new Int32Array(nodes)
    this.#newer = new Int32Array(nodes)
    for (let head = 0; head < lists; head++) {
      this.#older[head] = head
      this.#newer[head] = head
    }
  }

  /** The node of a file. */
  nodeOf(file: number): number {
    return file + this.#lists
  }

  /** The oldest node of a list; the list's own number when it is empty. */
  oldest(list: number): number {
    return this.#newer[list] ?? list
  }

  /** The next newer node; the list's own number after the newest. */
  newer(node: number): number {
    return this.#newer[node] ?? 0
  }

  unlink(node: number): void {
    const newer = this.#newer[node] ?? 0
    const older = this.#older[node] ?? 0
    this.#older[newer] = older
    this.#newer[older] = newer
  }

  pushNewest(node: number, list: number): void {
    const second = this.#older[list] ?? list
    this.#older[node] = second
    this.#newer[node] = list
    this.#newer[second] = node
    this.#older[list] = node
  }

  /** Makes room for nodes below `nodes`. */
  grow(nodes: number): void {
    this.#older = widened(this.#older, nodes)
    this.#newer = widened(this.#newer, nodes)
  }
}

function widened(array: Int32Array, length: number): Int32Array {
  const wide = new Int32Array(length)
  wide.set(array)
  return wide
}
