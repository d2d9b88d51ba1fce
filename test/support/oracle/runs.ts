import type { ShardDump } from '../../../src/model/dump.ts'
import type { ModelLimits } from '../../../src/model/limits.ts'
import type { WarmedFile, WarmOutcome } from '../../../src/model/outcome.ts'

type Answer = { outcome: string; detail: string }
type Place = { warm: Answer | null; check: Answer | null; version: string | null; bytes: number }

type RunState = {
  run: string
  taking: boolean
  details: string[]
  ends: Record<string, number>
  /** By place in the plan. */
  places: Map<number, Place>
  bytes: number
  first: number
  last: number
  pressureLast: number
  pressureHighest: number
}

/** What became of the files of runs. */
export class OracleRuns {
  runs: RunState[] = []
  readonly #limits: ModelLimits

  constructor(limits: ModelLimits) {
    this.#limits = limits
  }

  /** Whether the answer to the file at that place of an outcome was the first and is kept. */
  take(outcome: WarmOutcome, at: number, id: string): boolean {
    const { runChunk, runChunksMax } = this.#limits
    const [place, file] = [outcome.firstFile + at, outcome.files[at]]
    if (file === undefined || place >= runChunk * runChunksMax) return false
    let run = this.runs.find((one) => one.run === id)
    if (run !== undefined && (!run.taking || run.places.get(place)?.[outcome.mode])) return false
    if (run === undefined) {
      const none = { bytes: 0, first: file.finishedAtMs, last: 0, pressureLast: 0, pressureHighest: 0 }
      run = { run: id, taking: true, details: ['', 'other'], ends: {}, places: new Map(), ...none }
      this.runs.push(run)
    }
    const before = this.#rowsOf(run)
    this.#answer(run, { place, mode: outcome.mode, file })
    const pressure = Math.round(outcome.pressure * 1e6)
    run.first = Math.min(run.first, file.finishedAtMs)
    run.pressureHighest = Math.max(run.pressureHighest, pressure)
    if (file.finishedAtMs >= run.last) Object.assign(run, { last: file.finishedAtMs, pressureLast: pressure })
    if (this.#rowsOf(run) > before) this.#tellToLeave(run)
    this.#leave()
    return true
  }

  #answer(run: RunState, told: { place: number; mode: 'warm' | 'check'; file: WarmedFile }): void {
    const { place, mode, file } = told
    let { detail } = file
    if (!run.details.includes(detail) && run.details.length < 32) run.details.push(detail)
    if (!run.details.includes(detail)) detail = 'other'
    const known = run.places.get(place)
    const one = known ?? { warm: null, check: null, version: null, bytes: 0 }
    if (known !== undefined) countEnd(run, known, -1)
    one[mode] = { outcome: file.outcome, detail }
    one.version ??= file.version
    if (mode === 'warm') {
      one.bytes = file.bytes
      run.bytes += file.bytes
    }
    run.places.set(place, one)
    countEnd(run, one, 1)
  }

  /** Chunks of the plan that have an answer. */
  #rowsOf(run: RunState): number {
    return new Set([...run.places.keys()].map((place) => Math.floor(place / this.#limits.runChunk))).size
  }

  #tellToLeave(current: RunState): void {
    const { runsMax, runDetailsMax, runChunksMax } = this.#limits
    for (const run of this.runs.slice(0, -Math.min(runsMax, runDetailsMax))) run.taking = false
    for (const run of this.runs) {
      const taking = this.runs.filter((one) => one.taking)
      const rows = taking.reduce((sum, one) => sum + this.#rowsOf(one), 0)
      if (rows > runChunksMax && run !== current) run.taking = false
    }
  }

  #leave(): void {
    for (let rows = 0; rows < 16; rows += 1) {
      const run = this.runs.find((one) => !one.taking && one.places.size > 0)
      if (run === undefined) break
      const chunk = Math.floor(Math.min(...run.places.keys()) / this.#limits.runChunk)
      for (const place of [...run.places.keys()]) {
        if (Math.floor(place / this.#limits.runChunk) === chunk) run.places.delete(place)
      }
    }
    for (let runs = 0; runs < 2 && this.runs.length > this.#limits.runsMax; runs += 1) {
      if (this.runs[0]?.places.size === 0) this.runs.shift()
    }
  }

  dump(): ShardDump['runs'] {
    return this.runs.map((one) => ({
      run: one.run,
      kept: one.taking,
      ends: one.ends,
      bytes: one.bytes,
      firstAt: one.first,
      lastAt: one.last,
      pressure: { last: one.pressureLast / 1e6, highest: one.pressureHighest / 1e6 },
      files: Object.fromEntries(
        [...one.places].map(([place, file]) => [place, `${shownEnd(file)} ${file.version ?? '-'} ${file.bytes}`]),
      ),
    }))
  }
}

const shownAnswer = (answer: Answer | null): string =>
  answer === null ? '-' : [answer.outcome, answer.detail].filter((word) => word !== '').join('/')

const shownEnd = ({ warm, check }: Place): string => `${shownAnswer(warm)} + ${shownAnswer(check)}`

function countEnd(run: RunState, place: Place, by: number): void {
  const end = shownEnd(place)
  run.ends[end] = (run.ends[end] ?? 0) + by
  if (run.ends[end] === 0) delete run.ends[end]
}
