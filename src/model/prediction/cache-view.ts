import { EvictionFront } from './eviction-front.ts'
import { grownFloat64, grownInt32 } from './grow.ts'
import { Lives } from './lives.ts'
import { Pace } from './pace.ts'
import type { EntryLives, PredictorAccess } from './predictor.ts'
import { ResidenceFit } from './residence-fit.ts'
import { UnreadWarms } from './unread-warms.ts'

/** How an entry moves: to the front by a read or a warm, or out at once. */
export type Movement = 'read' | 'warm' | 'drop'

/** Hears what becomes of entries. */
export type MovementListener = {
  /** An entry of this process has moved. */
  moved(node: number, movement: Movement): void
  /** An entry of another process had to leave for want of room. */
  othersLeft(node: number): void
}

/**
 * What the predictor believes of the shared cache: an LRU of the deployment's capacity that is fed with the reads it
 * sees and the warms it asked for, and corrected by the outcomes of reads. One view serves all workspaces of a process;
 * entries of other processes stand in it by what those tell (shared-movements.ts).
 * Its clock counts movements to the front: an entry that nobody touches leaves after `residence` of them, the
 * characteristic time of Che's approximation (Che, Tung, Wang 2002), measured here instead of derived.
 */
export class CacheView {
  readonly #lives: Lives | null
  readonly #fit: ResidenceFit | null
  readonly #front = new EvictionFront()
  #capacityFiles: number
  /** Entries held when one has to leave, smoothed: the capacity, or less where others use the cache too. */
  #held: number
  #next = new Int32Array(1024)
  #prev = new Int32Array(1024)
  #stamp = new Float64Array(1024)
  /** 0 absent, 1 read, 2 warmed and not read yet, 3 of another process. */
  #state = new Int32Array(1024)
  /** 1 where the entry's last movement was a read, so that what the next read finds tells how long entries stay. */
  #wasRead = new Int32Array(1024)
  #nodes = 1
  readonly #free: number[] = []
  #size = 0
  #moves = 0
  #residence: number
  #unread = 0
  readonly #warms = new UnreadWarms()
  readonly #pace: Pace
  #listener: MovementListener | null = null

  /** With `lives` a real cache is believed in: its capacity is only where the view begins (see `PredictorOptions`). */
  constructor(capacityFiles: number, latencyMs: number, lives: EntryLives | null = null) {
    this.#pace = new Pace(latencyMs)
    this.#capacityFiles = capacityFiles
    this.#held = capacityFiles
    this.#residence = capacityFiles
    this.#lives = lives === null ? null : new Lives(lives)
    this.#fit = lives === null ? null : new ResidenceFit()
  }

  /** Files that the cache holds, as far as this view can tell: of a cache shared with others, its own share. */
  get capacityFiles(): number {
    return Math.round(Math.min(this.#capacityFiles, this.#held))
  }

  /** Delay from an event to the warmed entry, as measured, ms. */
  get latencyMs(): number {
    return this.#pace.latencyMs
  }

  set latencyMs(latencyMs: number) {
    this.#pace.latencyMs = latencyMs
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
    return this.#pace.latencyMoves(this.#capacityFiles)
  }

  listen(listener: MovementListener): void {
    this.#listener = listener
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
    this.#wasRead = grownInt32(this.#wasRead, node + 1)
    this.#stamp = grownFloat64(this.#stamp, node + 1)
    return node
  }

  /** Takes the file out; its place may be given out again. */
  release(node: number): void {
    this.drop(node)
    this.#free.push(node)
  }

  /** The file is not there, whatever was believed: it was changed, or will never be warmed. */
  drop(node: number): void {
    const state = this.#state[node] ?? 0
    if (state === 2) this.#unread--
    this.#warms.forget(node)
    if (state !== 0) {
      this.#unlink(node)
      this.#size--
    }
    this.#state[node] = 0
    if (state === 1 || state === 2) this.#listener?.moved(node, 'drop')
    this.#wasRead[node] = 0
  }

  /** Whether another entry has to leave for the next one. */
  get isFull(): boolean {
    return this.#size >= this.capacityFiles
  }

  /** Whether reads have shown that others use the cache too: then it is not known exactly which entries are still there. */
  get isShared(): boolean {
    return Number.isFinite(this.#front.reach)
  }

  /** Warmed entries that were read while they stayed, and in time, so far; and those that were not. */
  get used(): number {
    return this.#warms.used
  }

  get wasted(): number {
    return this.#warms.wasted
  }

  /** Entries in the order in which they leave: the one after `node`, the first after 0; 0 after the last. */
  leavesAfter(node: number): number {
    return this.#prev[node] ?? 0
  }

  /** The cache's clock at the entry's last movement. */
  movedAt(node: number): number {
    return this.#stamp[node] ?? 0
  }

  /** Whether the file was asked for and nobody has read it since. */
  isUnread(node: number): boolean {
    return this.#state[node] === 2
  }

  /** Event time at which a file that is warmed now and not read by then counts as wasted, there or not, milliseconds. */
  get wastedAtMs(): number {
    return this.#lives?.wastedAtMs ?? Number.POSITIVE_INFINITY
  }

  /** How far the entry is on its way out: 0 just moved, about 1 next to leave, Infinity when absent. */
  age(node: number): number {
    if (this.#state[node] === 0 || this.#lives?.isOver(node) === true) return Number.POSITIVE_INFINITY
    return (this.#moves - (this.#stamp[node] ?? 0)) / this.#residence
  }

  /** It is `timeMs` now, also while nobody reads: lives go by, and what is warmed now lives from now on. */
  pass(timeMs: number): void {
    this.#lives?.pass(timeMs)
    this.#warms.pass(timeMs)
  }

  /** `isThere`: whether the read found the file in the cache; null when nobody knows, or it tells nothing of the room. */
  read(node: number, timeMs: number, isThere: boolean | null = null): void {
    this.#observe(timeMs)
    this.#leaveBeyondFront()
    if (this.#fit !== null && isThere !== null && this.#wasRead[node] === 1) this.#learn(this.#fit, node, isThere)
    if (this.#state[node] === 2) this.#unread--
    this.#warms.read(node)
    this.#toFront(node, 1)
    this.#wasRead[node] = 1
    this.#listener?.moved(node, 'read')
  }

  /** A read that did not go by the cache, or of which nobody knows: in a real cache it moves nothing, but was foretold. */
  readBlindly(node: number, timeMs: number): void {
    if (this.#lives === null) this.read(node, timeMs)
    else {
      this.#observe(timeMs)
      this.#warms.read(node)
      this.#moves++
    }
  }

  warm(node: number): void {
    const unread = this.#state[node] !== 1
    if (this.#state[node] === 0) this.#unread++
    this.#toFront(node, unread ? 2 : 1)
    if (unread) this.#warms.warmed(node, this.wastedAtMs)
    this.#wasRead[node] = 0
    this.#listener?.moved(node, 'warm')
  }

  /** Another process has read or warmed an entry of its own, which has its place at `node` here. */
  othersMoved(node: number, movement: 'read' | 'warm'): void {
    if (movement === 'read') this.#pace.observeOthers()
    this.#toFront(node, 3)
  }

  /** Takes in how long the entry had stayed untouched, and moves the capacity when another residence fits better. */
  #learn(fit: ResidenceFit, node: number, isThere: boolean): void {
    const stayed = this.#moves - (this.#stamp[node] ?? 0)
    const believed = this.#state[node] !== 0
    if (believed !== isThere) this.#front.contradict(stayed, isThere)
    const factor = fit.observe({ stayed, isThere, believed }, this.#residence)
    if (factor === 1) return
    this.#capacityFiles = Math.min(CAPACITY_MAX, Math.max(CAPACITY_MIN, this.#capacityFiles * factor))
    this.#held *= factor
    this.#residence *= factor
    while (this.#size > Math.round(this.#capacityFiles)) this.#evict()
  }

  #toFront(node: number, state: number): void {
    if (this.#state[node] === 0) this.#makeRoom()
    else this.#unlink(node)
    this.#state[node] = state
    this.#stamp[node] = ++this.#moves
    this.#lives?.moved(node)
    const first = this.#next[0] ?? 0
    this.#next[node] = first
    this.#prev[node] = 0
    this.#prev[first] = node
    this.#next[0] = node
  }

  #makeRoom(): void {
    this.#size++
    if (this.#size > Math.round(this.#capacityFiles)) this.#leaveInTime()
  }

  #leaveBeyondFront(): void {
    const { reach } = this.#front
    while (this.#size > 0 && this.#moves - (this.#stamp[this.#prev[0] ?? 0] ?? 0) > reach) this.#leaveInTime()
  }

  /** The entry that is due leaves, and tells how long entries stay and how many there are. */
  #leaveInTime(): void {
    const stayed = this.#evict()
    this.#residence += (stayed - this.#residence) * RESIDENCE_RATE
    this.#held += (this.#size - this.#held) * RESIDENCE_RATE
  }

  /** Takes out the entry that nobody has touched for longest; returns for how many movements. */
  #evict(): number {
    const victim = this.#prev[0] ?? 0
    if (this.#state[victim] === 2) this.#unread--
    this.#warms.left(victim)
    const isOthers = this.#state[victim] === 3
    this.#unlink(victim)
    this.#state[victim] = 0
    this.#size--
    if (isOthers) this.#listener?.othersLeft(victim)
    return this.#moves - (this.#stamp[victim] ?? 0)
  }

  #unlink(node: number): void {
    const before = this.#prev[node] ?? 0
    const after = this.#next[node] ?? 0
    this.#next[before] = after
    this.#prev[after] = before
  }

  #observe(timeMs: number): void {
    this.#pace.observe(timeMs)
    this.pass(timeMs)
  }
}

const RESIDENCE_RATE = 0.01

const CAPACITY_MIN = 16
const CAPACITY_MAX = 2 ** 24

/** Whether a read tells that the file had been in the cache; what a warm brought tells nothing of how long it stays. */
export function isThereBy(outcome: PredictorAccess['outcome']): boolean | null {
  return outcome === 'hit' ? true : outcome === 'miss' ? false : null
}
