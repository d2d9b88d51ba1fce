import { RowFormatError, RowReader } from '../rows/row-reader.ts'
import { RowWriter } from '../rows/row-writer.ts'
import { type Candidates, SOURCE } from './candidates.ts'

/** Files that are remembered with what followed them; those whose followers changed longest ago leave. */
const PATHS_MAX = 32_768
/** Workspaces whose word on a file is kept for each analyzer, and words on a file in all. */
const WORKSPACES_MAX = 2
const STEPS_MAX = 8
/** Files that are followed ahead. */
const REACH = 12
/** Steps that are told at once; more wait for the next time. */
const TOLD_MAX = 16_384
/** Version of the bytes. */
const VERSION = 1

/** Who reads: stable hashes of the analyzer's and of the workspace's name, 32 bits. */
export type Reader = { readonly analyzer: number; readonly workspace: number }

export type Visit = (path: string, distance: number) => void

/** What a session read next after some file, where neither had been read in it before. */
export type Step = Reader & { readonly next: string }

/**
 * What the sessions of other workspaces read next: the succession of an analyzer's own libraries, of the packages that
 * projects have in common, of the usual settings. It speaks for files that a workspace has never read, of which its own
 * history says nothing (a first-order Markov chain over paths, as in Padmanabhan, Mogul 1996, "Using predictive
 * prefetching to improve World Wide Web latency", followed along one workspace at a time).
 */
export class Precedents {
  /** Names the form of the bytes. */
  readonly form = String(VERSION)
  readonly #steps = new Map<string, Step[]>()
  /** Learned here and not told yet, by file. */
  readonly #untold = new Map<string, Step[]>()

  learn(path: string, step: Step): void {
    if (!this.#put(path, step)) return
    const before = (this.#untold.get(path) ?? []).filter((one) => !isSame(one, step))
    this.#untold.set(path, [...before, step].slice(-STEPS_MAX))
  }

  /**
   * Calls `visit` with what followed `path` in other workspaces, one workspace after the other, and how many files on:
   * more than `beyond`.
   */
  follow(path: string, { beyond, ...reader }: Reader & { beyond: number }, visit: Visit): void {
    for (const first of this.#steps.get(path) ?? []) {
      if (first.analyzer !== reader.analyzer || first.workspace === reader.workspace) continue
      let step: Step | undefined = first
      for (let distance = 1; step !== undefined && distance <= beyond + REACH; distance++) {
        if (distance > beyond) visit(step.next, distance)
        step = this.#steps.get(step.next)?.find((one) => isSame(one, first))
      }
    }
  }

  /** What was learned here and not told yet, as bytes; null when there is nothing. */
  changes(): Uint8Array | null {
    const told: Told[] = []
    for (const [path, steps] of this.#untold) {
      if (told.length >= TOLD_MAX) break
      for (const step of steps) told.push({ path, ...step })
    }
    return encode(told)
  }

  /** Notes that others see what `changes` gave; what was learned since then is still to be told. */
  told(bytes: Uint8Array): void {
    for (const { path, ...step } of decode(bytes)) {
      const left = this.#untold.get(path)?.filter((one) => !isSame(one, step) || one.next !== step.next) ?? []
      if (left.length === 0) this.#untold.delete(path)
      else this.#untold.set(path, left)
    }
  }

  /** Takes over what another process has told, or `all` of one. Throws RowFormatError, and changes nothing then. */
  takeIn(bytes: Uint8Array): void {
    for (const { path, ...step } of decode(bytes)) this.#put(path, step)
  }

  /** All that is remembered, as bytes; null when that is nothing. */
  all(): Uint8Array | null {
    return encode([...this.#steps].flatMap(([path, steps]) => steps.toReversed().map((step) => ({ path, ...step }))))
  }

  /** False when that was known. */
  #put(path: string, step: Step): boolean {
    const steps = this.#steps.get(path) ?? []
    const own = steps.findIndex((one) => isSame(one, step))
    if (steps[own]?.next === step.next) return false
    if (own >= 0) steps.splice(own, 1)
    else makeRoom(steps, step.analyzer)
    steps.unshift(step)
    this.#steps.delete(path)
    this.#steps.set(path, steps)
    const [oldest] = this.#steps.size > PATHS_MAX ? this.#steps.keys() : []
    if (oldest === undefined) return true
    this.#steps.delete(oldest)
    this.#untold.delete(oldest)
    return true
  }
}

/** Names a file that is due in `distance` reads of a session that takes `msPerRead` for each. */
export function nameDue(candidates: Candidates, file: number, due: { distance: number; msPerRead: number }): void {
  const slot = candidates.add(file, SOURCE.precedent)
  if (slot < 0) return
  candidates.due(slot, { distance: due.distance, dueMs: due.distance * due.msPerRead, quality: 0 })
}

const isSame = (one: Reader, other: Reader): boolean =>
  one.analyzer === other.analyzer && one.workspace === other.workspace

/** The older word of the analyzer goes first, then the oldest of all. */
function makeRoom(steps: Step[], analyzer: number): void {
  const ofAnalyzer = steps.filter((one) => one.analyzer === analyzer)
  const [least] = ofAnalyzer.length >= WORKSPACES_MAX ? ofAnalyzer.slice(-1) : steps.slice(STEPS_MAX - 1)
  if (least !== undefined) steps.splice(steps.indexOf(least), 1)
}

type Told = Step & { readonly path: string }

/** All names once, then the steps by the numbers of their names. */
function encode(told: readonly Told[]): Uint8Array | null {
  if (told.length === 0) return null
  const names = [...new Set(told.flatMap(({ path, next }) => [path, next]))]
  const numbers = new Map(names.map((name, number) => [name, number]))
  const writer = new RowWriter().start(VERSION)
  writer.uint(names.length)
  for (const name of names) writer.text(name)
  writer.uint(told.length)
  for (const { path, next, analyzer, workspace } of told) {
    writer.uint(numbers.get(path) ?? 0)
    writer.uint(numbers.get(next) ?? 0)
    writer.int(analyzer)
    writer.int(workspace)
  }
  return writer.finish().slice()
}

function decode(bytes: Uint8Array): Told[] {
  const reader = new RowReader(bytes, VERSION)
  const names = Array.from({ length: reader.count() }, () => reader.text())
  return Array.from({ length: reader.count() }, () => {
    const [path, next] = [names[reader.uint()], names[reader.uint()]]
    if (path === undefined || next === undefined) throw new RowFormatError('a precedent names no file')
    return { path, next, analyzer: reader.int(), workspace: reader.int() }
  })
}
