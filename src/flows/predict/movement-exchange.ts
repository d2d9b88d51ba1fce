import { RowFormatError } from '../../model/rows/row-reader.ts'
import type { Clock } from '../../ports/clock.ts'
import type { NoteStore } from '../../ports/notes.ts'
import type { Log } from '../../ports/telemetry.ts'

/** Notes in which a process keeps what it told last; who is further behind has missed the rest. */
const KEPT = 32
/** Notes that are looked for at once; whoever misses an exchange or two catches up. */
const LOOKED_FOR = 8
/** Between two looks who is there, ms. */
const ROLL_CALL_MS = 2_000
/** A process that has said nothing for so long is gone, ms. */
const GONE_MS = 30_000
/** Between two exchanges while nothing moves anywhere, ms. */
const IDLE_MS = 1_000
/** Between two exchanges, ms: so long that a small part of the cache turns over meanwhile, within these bounds. */
const PAUSE_MS = { least: 20, most: 100 }
const PART = 0.05
/** Version of the notes. */
const VERSION = 1
/** Who is there; a process's own notes stand in a group of their own below. */
const PROCESSES = `cache-movements/${VERSION}`

/** What is told and taken in (shared-movements.ts). */
export interface ToldMovements {
  /** How often the cache has turned over so far. */
  readonly turns: number
  changes(): Uint8Array | null
  /** Throws RowFormatError, and changes nothing then. */
  takeIn(process: string, bytes: Uint8Array): void
  leave(process: string): void
}

export type MovementExchangeDeps = {
  readonly notes: NoteStore
  readonly logger: Log
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Name of this process, unlike all others'. */
  readonly process: string
  readonly movements: ToldMovements
}

/** Another process: the number of its next note, and when it was last seen to be there. */
type Other = { next: number; saidLast: string; seenMs: number }

/**
 * How processes tell one another what moves in the cache that they share: each writes what moved since its last turn into
 * a ring of notes of its own, which the others read. What is missed is missed: the belief mends itself by what reads find.
 * Numbers count up in each process; a note says its number, so that a reader sees whether the ring has gone round.
 */
export class MovementExchange {
  readonly #deps: MovementExchangeDeps
  readonly #others = new Map<string, Other>()
  #running: Promise<void> | null = null
  /** Nothing is known to have come of the latest exchange: it goes on, or has failed. */
  #isAway = false
  #pauseMs = PAUSE_MS.most
  #turns = 0
  #next = 0
  #calledMs = Number.NEGATIVE_INFINITY
  #exchangedMs = Number.NEGATIVE_INFINITY
  /** When something moved last, here or elsewhere. */
  #movedMs = Number.NEGATIVE_INFINITY

  constructor(deps: MovementExchangeDeps) {
    this.#deps = deps
  }

  /** For how long the next exchange can wait, ms. */
  get pauseMs(): number {
    return this.#pauseMs
  }

  /** Whether that time is over, and it is worth to wait for an exchange now: not while the store is away. */
  get isDue(): boolean {
    return !this.#isAway && this.#deps.clock.monotonicMs() - this.#exchangedMs >= this.#pauseMs
  }

  /** Tells and hears; best every `pauseMs`. Rejects with FW_STORE_UNAVAILABLE: what was to be told is lost then. */
  async exchange(): Promise<void> {
    this.#running ??= this.#exchange().finally(() => {
      this.#running = null
    })
    this.#isAway = true
    await this.#running
    this.#isAway = false
  }

  async #exchange(): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs()
    const bytes = this.#deps.movements.changes()
    if (bytes !== null) this.#movedMs = nowMs
    if (nowMs - this.#movedMs > IDLE_MS && nowMs - this.#exchangedMs < IDLE_MS) return
    this.#setPace(nowMs)
    if (nowMs - this.#calledMs >= ROLL_CALL_MS) await this.#callRoll(nowMs)
    if (bytes !== null) await this.#tell(bytes)
    const heard = await Promise.all([...this.#others].map(([process, other]) => this.#hear(process, other)))
    if (heard.includes(true)) this.#movedMs = nowMs
  }

  #setPace(nowMs: number): void {
    const { turns } = this.#deps.movements
    const passedMs = nowMs - this.#exchangedMs
    // Two exchanges in one moment say nothing of the pace.
    const pauseMs = passedMs > 0 ? (PART * passedMs) / (turns - this.#turns) : this.#pauseMs
    this.#pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, pauseMs))
    this.#turns = turns
    this.#exchangedMs = nowMs
  }

  /** Takes this process off the roll: others need not wait until they miss it. */
  signOff(): Promise<void> {
    return this.#strikeOff(this.#deps.process)
  }

  async #callRoll(nowMs: number): Promise<void> {
    const { notes, process } = this.#deps
    await notes.put(PROCESSES, [{ name: process, value: new TextEncoder().encode(String(nowMs)) }])
    const there = new Map<string, string>()
    for await (const chunk of notes.scan(PROCESSES))
      for (const [name, value] of chunk) if (name !== process) there.set(name, new TextDecoder().decode(value))
    for (const [name, said] of there) this.#see(name, said, nowMs)
    for (const [name, { seenMs }] of this.#others) {
      if (there.has(name) && nowMs - seenMs < GONE_MS) continue
      this.#others.delete(name)
      this.#deps.movements.leave(name)
      if (there.has(name)) await this.#strikeOff(name)
    }
    this.#calledMs = nowMs
  }

  /** By this process's clock: those of others may be off. */
  #see(process: string, said: string, nowMs: number): void {
    const other = this.#others.get(process)
    if (other === undefined) this.#others.set(process, { next: 0, saidLast: said, seenMs: nowMs })
    else if (other.saidLast !== said) Object.assign(other, { saidLast: said, seenMs: nowMs })
  }

  async #strikeOff(process: string): Promise<void> {
    const { notes } = this.#deps
    await notes.put(PROCESSES, [{ name: process, value: null }])
    await notes.drop(groupOf(process))
  }

  async #tell(bytes: Uint8Array): Promise<void> {
    const { notes, process } = this.#deps
    const number = this.#next++
    await notes.put(groupOf(process), [{ name: slotOf(number), value: written({ number, bytes }) }])
  }

  /** False when there is nothing new. */
  async #hear(process: string, other: Other): Promise<boolean> {
    // Who has just come is read as far back as it tells.
    const count = other.next === 0 ? KEPT : LOOKED_FOR
    const names = Array.from({ length: count }, (_, nth) => slotOf(other.next + nth))
    const found = await this.#deps.notes.get(groupOf(process), names)
    const told = found.flatMap((value) => (value === null ? [] : [read(value)]))
    // No ring holds what is older than that: it was a damaged number that this process went on from.
    if (told.some(({ number }) => number >= 0 && number < other.next - KEPT)) other.next = 0
    const from = other.next
    for (const { number, bytes } of told.sort((one, another) => one.number - another.number)) {
      if (number < other.next) continue
      this.#takeIn(process, bytes)
      other.next = number + 1
    }
    return other.next > from
  }

  /** Bytes that are damaged, or of another build, cost what they told. */
  #takeIn(process: string, bytes: Uint8Array): void {
    try {
      this.#deps.movements.takeIn(process, bytes)
    } catch (cause) {
      if (!(cause instanceof RowFormatError)) throw cause
      this.#deps.logger.warn(
        { process, error: cause.message },
        'what another process tells of the cache cannot be read: passed over',
      )
    }
  }
}

type Told = { readonly number: number; readonly bytes: Uint8Array }

/** The number in four bytes, highest first, and what is told. */
function written({ number, bytes }: Told): Uint8Array {
  const value = new Uint8Array(HEAD_BYTES + bytes.length)
  new DataView(value.buffer).setUint32(0, number)
  value.set(bytes, HEAD_BYTES)
  return value
}

/** What is too short to have a number reads as one of nothing, which nobody takes in. */
function read(value: Uint8Array): Told {
  const number = value.length < HEAD_BYTES ? -1 : new DataView(value.buffer, value.byteOffset).getUint32(0)
  return { number, bytes: value.subarray(HEAD_BYTES) }
}

const HEAD_BYTES = 4

const groupOf = (process: string): string => `${PROCESSES}/${process}`

const slotOf = (number: number): string => String(number % KEPT)
