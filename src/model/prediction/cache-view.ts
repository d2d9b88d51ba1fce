import { grownFloat64, grownInt32 } from './grow.ts'

/**
 * What the predictor believes of the shared cache: an LRU of the deployment's capacity that is fed with the reads it
 * sees and the warms it asked for, and corrected by the outcomes of reads. One view serves all workspaces of a process.
 * Its clock counts movements to the front: an entry that nobody touches leaves after `residence` of them, the
 * characteristic time of Che's approximation (Che, Tung, Wang 2002), measured here instead of derived.
 */
export class CacheView {
  readonly capacityFiles: number
  #next = new Int32Array(1024)
  #prev = new Int32Array(1024)
  #stamp = new Float64Array(1024)
  /** 0 absent, 1 read, 2 warmed and not read yet. */
  #state = new Int32Array(1024)
  #arrivesMs = new Float64Array(1024)
  #nodes = 1
  readonly #free: number[] = []
  #size = 0
  #moves = 0
  #residence: number
  #unread = 0
  #msPerMove = 1
  readonly #latencyMs: number
  #lastMs = Number.NaN

  constructor(capacityFiles: number, latencyMs: number) {
    this.#latencyMs = latencyMs
    this.capacityFiles = capacityFiles
    this.#residence = capacityFiles
  }

  /** Movements so far: the clock in which residence is measured. */
  get moves(): number {
    return this.#moves
  }

  /** Movements after which an untouched entry leaves, smoothed. */
  get residence(): number {
    return this.#residence
  }

  /** Warmed entries that nobody has read yet. */
  get unread(): number {
    return this.#unread
  }

  /** Movements while a warm is on its way, as long as reads go on. */
  get latencyMoves(): number {
    return this.#latencyMs === 0 ? 0 : this.#latencyMs / Math.max(this.#latencyMs / this.capacityFiles, this.#msPerMove)
  }

  /** A place for one more file. */
  allocate(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    const node = this.#nodes++
    if (node < this.#state.length) return node
    this.#next = grownInt32(this.#next, node + 1)
    this.#prev = grownInt32(this.#prev, node + 1)
    this.#state = grownInt32(this.#state, node + 1)
    this.#stamp = grownFloat64(this.#stamp, node + 1)
    this.#arrivesMs = grownFloat64(this.#arrivesMs, node + 1)
    return node
  }

  /** Takes the file out; its place may be given out again. */
  release(node: number): void {
    if (this.#state[node] === 2) this.#unread--
    if (this.#state[node] !== 0) {
      this.#unlink(node)
      this.#size--
    }
    this.#state[node] = 0
    this.#free.push(node)
  }

  /** How far the entry is on its way out: 0 just moved, about 1 next to leave, Infinity when absent. */
  age(node: number): number {
    if (this.#state[node] === 0) return Number.POSITIVE_INFINITY
    return (this.#moves - (this.#stamp[node] ?? 0)) / this.#residence
  }

  read(node: number, timeMs: number): void {
    this.#observeTime(timeMs)
    if (this.#state[node] === 2) this.#unread--
    this.#toFront(node, 1)
  }

  warm(node: number, arrivesMs: number): void {
    const unread = this.#state[node] !== 1
    if (this.#state[node] === 0) this.#unread++
    this.#arrivesMs[node] = arrivesMs
    this.#toFront(node, unread ? 2 : 1)
  }

  #toFront(node: number, state: number): void {
    if (this.#state[node] === 0) this.#makeRoom()
    else this.#unlink(node)
    this.#state[node] = state
    this.#stamp[node] = ++this.#moves
    const first = this.#next[0] ?? 0
    this.#next[node] = first
    this.#prev[node] = 0
    this.#prev[first] = node
    this.#next[0] = node
  }

  #makeRoom(): void {
    if (this.#size < this.capacityFiles) {
      this.#size++
      return
    }
    const victim = this.#prev[0] ?? 0
    const stayed = this.#moves - (this.#stamp[victim] ?? 0)
    this.#residence += (stayed - this.#residence) * RESIDENCE_RATE
    if (this.#state[victim] === 2) this.#unread--
    this.#unlink(victim)
    this.#state[victim] = 0
  }

  #unlink(node: number): void {
    const before = this.#prev[node] ?? 0
    const after = this.#next[node] ?? 0
    this.#next[before] = after
    this.#prev[after] = before
  }

  #observeTime(timeMs: number): void {
    const passed = timeMs - this.#lastMs
    // A pause tells nothing about the pace of reading, and counts no more than one latency.
    if (passed >= 0) this.#msPerMove += (Math.min(passed, this.#latencyMs) - this.#msPerMove) * RESIDENCE_RATE
    this.#lastMs = timeMs
  }
}

const RESIDENCE_RATE = 0.01
