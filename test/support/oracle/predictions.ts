import type { ShardDump } from '../../../src/model/dump.ts'
import type { ModelLimits } from '../../../src/model/limits.ts'
import type { WarmedFile, WarmOutcome } from '../../../src/model/outcome.ts'
import { sortBy } from './counts.ts'

type Open = {
  path: string
  command: string
  reason: string
  disposition: string
  issuedAt: number
  finishedAt: number
  horizonAt: number
  bytes: number
  number: number
}

type Verdict = 'hit' | 'late' | 'wasted' | 'dropped'
type Settled = { reason: string; disposition: string } & Record<Verdict, number>

/** What was predicted, and what came of it. */
export class OraclePredictions {
  open: Open[] = []
  settled: Settled[] = []
  spans: { from: number; hit: number; late: number; wasted: number }[] = []
  wastedBytes: { reason: string; bytes: number }[] = []
  issued = 0
  readonly #limits: ModelLimits

  constructor(limits: ModelLimits) {
    this.#limits = limits
  }

  /** Notes what a warm said of a file that was read at these times. */
  predict(outcome: WarmOutcome, file: WarmedFile, times: readonly number[]): void {
    const prediction: Open = {
      path: file.path,
      command: outcome.commandId,
      reason: file.reason,
      disposition: file.outcome === 'refreshed' ? 'warmed' : file.outcome,
      issuedAt: outcome.issuedAtMs,
      finishedAt: file.finishedAtMs,
      horizonAt: file.horizonAtMs,
      bytes: file.bytes,
      number: this.issued,
    }
    if (!['warmed', 'refreshed', 'present', 'control'].includes(file.outcome)) {
      this.#settle(prediction, 'dropped')
      return
    }
    this.issued += 1
    const read = times.find((time) => time > outcome.issuedAtMs)
    if (read === undefined) this.#keepOpen(prediction)
    else this.#settle(prediction, this.#verdict(prediction, read), read)
  }

  #keepOpen(prediction: Open): void {
    this.open.push(prediction)
    const ofFile = this.open.filter((open) => open.path === prediction.path)
    const [first] = ofFile
    if (first !== undefined && ofFile.length > this.#limits.openPredictionsPerFileMax) this.#settle(first, 'wasted')
    const [due] = this.#byHorizon()
    if (due !== undefined && this.open.length > this.#limits.openPredictionsMax) this.#settle(due, 'wasted')
  }

  #byHorizon(): Open[] {
    return sortBy(
      sortBy(this.open, (open) => open.number),
      (open) => open.horizonAt,
    )
  }

  #verdict(open: Open, time: number): Verdict {
    if (time > open.horizonAt) return 'wasted'
    return open.disposition === 'warmed' && time < open.finishedAt ? 'late' : 'hit'
  }

  #settle(open: Open, verdict: Verdict, read = 0): void {
    this.open = this.open.filter((one) => one !== open)
    const reasons = new Set(this.settled.map((one) => one.reason))
    const reason = reasons.has(open.reason) || reasons.size < 32 ? open.reason : 'other'
    let tally = this.settled.find((one) => one.reason === reason && one.disposition === open.disposition)
    if (tally === undefined) {
      tally = { reason, disposition: open.disposition, hit: 0, late: 0, wasted: 0, dropped: 0 }
      this.settled.push(tally)
    }
    tally[verdict] += 1
    if (open.disposition === 'warmed' && verdict !== 'dropped') this.#span(open, verdict, read)
  }

  #span(open: Open, verdict: 'hit' | 'late' | 'wasted', read: number): void {
    const from = Math.floor((verdict === 'wasted' ? open.horizonAt : read) / 900_000) * 900_000
    const span = this.spans.find((one) => one.from === from) ?? { from, hit: 0, late: 0, wasted: 0 }
    span[verdict] += 1
    this.spans = [...this.spans.filter((one) => one !== span), span].slice(-96)
    if (verdict !== 'wasted') return
    const isKnown = this.wastedBytes.some((one) => one.reason === open.reason) || this.wastedBytes.length < 32
    const reason = isKnown ? open.reason : 'other'
    const waste = this.wastedBytes.find((one) => one.reason === reason) ?? { reason, bytes: 0 }
    waste.bytes += open.bytes
    this.wastedBytes = [...this.wastedBytes.filter((one) => one !== waste), waste]
  }

  /** The file was read. */
  read(path: string, time: number): void {
    for (const one of this.open.filter((open) => open.path === path && open.issuedAt < time)) {
      this.#settle(one, this.#verdict(one, time), time)
    }
  }

  /** No read and no outcome before that time is to come any more. */
  expire(passed: number): void {
    for (const open of this.#byHorizon().slice(0, 16)) if (open.horizonAt < passed) this.#settle(open, 'wasted')
  }

  dump(): Pick<ShardDump, 'settlements' | 'settledSpans' | 'wastedBytes' | 'openPredictions'> {
    return {
      settlements: this.settled,
      settledSpans: sortBy(this.spans, (one) => one.from),
      wastedBytes: Object.fromEntries(this.wastedBytes.map(({ reason, bytes }) => [reason, bytes])),
      openPredictions: this.open.map(({ number, ...open }) => open),
    }
  }
}
