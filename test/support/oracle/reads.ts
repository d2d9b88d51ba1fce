import { createHash } from 'node:crypto'
import type { AccessOutcome } from '../../../src/model/access.ts'
import type { ShardDump } from '../../../src/model/dump.ts'
import type { ModelLimits } from '../../../src/model/limits.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const newTally = () => ({ hit: 0, warmHit: 0, miss: 0, stale: 0 })

/** What reads found in the cache. */
export class OracleReads {
  outcomes = { treated: newTally(), control: newTally() }
  /** Reads with an outcome: group of the control experiment, random group, whether it was a hit. */
  reads: { group: 'treated' | 'control'; number: number; hit: boolean }[] = []
  minutes: { minute: number; tally: ReturnType<typeof newTally> }[] = []
  readonly #limits: ModelLimits

  constructor(limits: ModelLimits) {
    this.#limits = limits
  }

  count(path: string, time: number, outcome: AccessOutcome): void {
    if (outcome === 'unknown') return
    const group = this.#group(path)
    this.outcomes[group][outcome] += 1
    const number = Number.parseInt(sha256(path).slice(0, 8), 16) % 64
    this.reads.push({ group, number, hit: /hit/i.test(outcome) })
    if (group === 'treated') this.#minute(time, outcome)
  }

  #minute(time: number, outcome: 'hit' | 'warmHit' | 'miss' | 'stale'): void {
    const minute = Math.floor(time / 60_000) * 60_000
    const entry = this.minutes.find((one) => one.minute === minute) ?? { minute, tally: newTally() }
    entry.tally[outcome] += 1
    this.minutes = [...this.minutes.filter((one) => one !== entry), entry].slice(-this.#limits.minutesMax)
  }

  #group(path: string): 'treated' | 'control' {
    const digits = sha256(path).slice(8, 16)
    return Number.parseInt(digits, 16) % 50 === 0 ? 'control' : 'treated'
  }

  dump(): Pick<ShardDump, 'accessOutcomes' | 'readGroups' | 'minutes'> {
    return {
      accessOutcomes: this.outcomes,
      readGroups: { treated: this.#groupReads('treated'), control: this.#groupReads('control') },
      minutes: this.minutes.map(({ minute, tally }) => ({ minute, ...tally })),
    }
  }

  #groupReads(group: 'treated' | 'control'): Record<string, string> {
    const own = this.reads.filter((read) => read.group === group)
    const numbers = [...new Set(own.map(({ number }) => number))]
    const text = (reads: typeof own) => `${reads.length}/${reads.filter(({ hit }) => hit).length}`
    return Object.fromEntries(numbers.map((number) => [number, text(own.filter((read) => read.number === number))]))
  }
}
