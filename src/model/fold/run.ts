import type { FoldedCount, FoldedEnd, FoldedFile, FoldedRun, FoldedWord } from '../folded-run.ts'
import type { AnswerChunk, AnswerMode, PackedAnswer } from './answers.ts'
import { OUTCOME_KINDS } from './prediction.ts'

/** Details of one run that are told apart; more are counted as `other`. */
const RUN_WORDS_MAX = 30
const FIXED_WORDS = ['', 'other']
const OTHER_WORD = 1

/** Pressure is kept in whole millionths. */
export const PRESSURE_SCALE = 1_000_000

/** What is folded of a run: counts of all places, and as long as they are kept the answers for each. */
export class Run {
  readonly id: string
  /** Number of the run among those that the shard has seen begin. */
  readonly started: number
  /** Details beside the fixed ones, in the order of their first answer. */
  words: string[] = []
  /** Places by both of their answers as one number, in the order in which the pairs first came up. */
  counts = new Map<number, number>()
  bytes = 0
  firstAtMs = 0
  lastAtMs = 0
  /** Of the answer that finished last. */
  pressureLast = 0
  pressureHighest = 0
  /** Its answers are being removed, and no new ones are taken. */
  leaving = false
  readonly chunks = new Map<number, AnswerChunk>()

  constructor(id: string, started: number) {
    this.id = id
    this.started = started
  }

  /** The number of a detail. */
  wordOf(detail: string): number {
    const fixed = FIXED_WORDS.indexOf(detail)
    if (fixed >= 0) return fixed
    const known = this.words.indexOf(detail)
    if (known >= 0) return FIXED_WORDS.length + known
    if (this.words.length >= RUN_WORDS_MAX) return OTHER_WORD
    return FIXED_WORDS.length + this.words.push(detail) - 1
  }

  /** Counts a place that had the answers `before` (none for null) and has `after` now. */
  recount(before: Pair | null, after: Pair): void {
    if (before !== null) {
      const key = keyOf(before)
      const left = (this.counts.get(key) ?? 0) - 1
      if (left > 0) this.counts.set(key, left)
      else this.counts.delete(key)
    }
    const key = keyOf(after)
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
  }
}

/** Both answers for a place. */
export type Pair = Readonly<Record<AnswerMode, PackedAnswer>>

/** Kinds take 4 bits and words 6. */
const keyOf = ({ warm, check }: Pair): number => (((warm.kind << 6) | warm.word) << 10) | (check.kind << 6) | check.word

const pairOf = (key: number): Pair => ({ warm: answerOf(key >>> 10), check: answerOf(key & 0x3ff) })
const answerOf = (bits: number): PackedAnswer => ({ kind: bits >>> 6, word: bits & 0x3f })

export const pairAt = (chunk: AnswerChunk, at: number): Pair => ({
  warm: chunk.answer(at, 'warm'),
  check: chunk.answer(at, 'check'),
})

type Words = Pick<Run, 'words'>

function wordsOf(run: Words, { kind, word }: PackedAnswer): FoldedWord | null {
  const outcome = OUTCOME_KINDS[kind - 1]
  if (outcome === undefined) return null
  return { outcome, detail: FIXED_WORDS[word] ?? run.words[word - FIXED_WORDS.length] ?? '' }
}

/** A run as its readers see it. */
export function foldedRun(run: Omit<Run, 'chunks' | 'wordOf' | 'recount'>): FoldedRun {
  const ends = [...run.counts].map(([key, files]): FoldedEnd => {
    const { warm, check } = pairOf(key)
    return { warm: wordsOf(run, warm), check: wordsOf(run, check), files }
  })
  return {
    ends,
    warm: countsOf(ends, 'warm'),
    check: countsOf(ends, 'check'),
    kept: !run.leaving,
    bytes: run.bytes,
    pressure: { last: run.pressureLast / PRESSURE_SCALE, highest: run.pressureHighest / PRESSURE_SCALE },
    firstAtMs: run.firstAtMs,
    lastAtMs: run.lastAtMs,
  }
}

function countsOf(ends: readonly FoldedEnd[], mode: AnswerMode): FoldedCount[] {
  const counts = new Map<string, FoldedCount>()
  for (const { [mode]: word, files } of ends) {
    if (word === null) continue
    const name = `${word.outcome}\n${word.detail}`
    counts.set(name, { ...word, files: files + (counts.get(name)?.files ?? 0) })
  }
  return [...counts.values()]
}

/** The answers for a place of a chunk; null when it has none. */
export function foldedFile(run: Words, chunk: AnswerChunk, at: number): FoldedFile | null {
  const pair = pairAt(chunk, at)
  const [warm, check] = [wordsOf(run, pair.warm), wordsOf(run, pair.check)]
  if (warm === null && check === null) return null
  const version = chunk.version(at)
  return {
    warm: warm === null ? null : { ...warm, version, bytes: chunk.bytes(at) },
    check: check === null ? null : { ...check, version, bytes: 0 },
  }
}
