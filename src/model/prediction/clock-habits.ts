import { type Candidates, SOURCE } from './candidates.ts'
import { LIMITS } from './limits.ts'
import type { Sequence } from './sequences.ts'

const DAY_MS = 86_400_000
const PERIODS_MS = [DAY_MS, 7 * DAY_MS]
const TOLERANCE_MS = 15 * 60_000
const LEAD_MS = 2 * 60_000
const MISSES_MAX = 2
const HABITS_MAX = 16

type Habit = {
  readonly analyzer: number
  readonly period: number
  expectedMs: number
  /** Times that it came true in a row of chances. */
  kept: number
  missed: number
  asked: boolean
}

export type DueHabit = { readonly analyzer: number; readonly probability: number; readonly expectedMs: number }

/**
 * Sessions of an analyzer that come back at an hour of the day or of the week: nightly jobs, weekly ones. Each start
 * opens a habit a period; a start near the expected time keeps it. How often a habit with such a record is kept is
 * counted over all habits of the workspace (a Beta posterior), so that office hours do not look like a timetable.
 */
export class ClockHabits {
  #habits: Habit[] = []
  /** By kept (0, 1, 2, 3+) and missed (0, 1): how often the next time came true, out of how often it was due. */
  readonly #kept = new Float64Array(16)
  readonly #due = new Float64Array(16)
  /** What `nextMs` says, asked for after each read; null from `expire` on, with which every change of a habit begins. */
  #nextMs: number | null = null

  /** A session of `analyzer` began. */
  begin(analyzer: number, timeMs: number): void {
    this.expire(timeMs)
    PERIODS_MS.forEach((periodMs, period) => {
      const habit = this.#habits.find((one) => one.analyzer === analyzer && one.period === period && near(one, timeMs))
      if (habit === undefined)
        this.#open({ analyzer, period, expectedMs: timeMs + periodMs, kept: 0, missed: 0, asked: false })
      else this.#keep(habit, timeMs + periodMs)
    })
  }

  /** Counts the habits whose time went by. */
  expire(nowMs: number): void {
    this.#nextMs = null
    for (let at = this.#habits.length - 1; at >= 0; at--) {
      const habit = this.#habits[at]
      if (habit === undefined) continue
      while (nowMs > habit.expectedMs + TOLERANCE_MS && habit.missed <= MISSES_MAX) {
        this.#due[record(habit)] = (this.#due[record(habit)] ?? 0) + 1
        habit.missed++
        habit.asked = false
        habit.expectedMs += PERIODS_MS[habit.period] ?? DAY_MS
      }
      if (habit.missed > MISSES_MAX) this.#habits.splice(at, 1)
    }
  }

  /** When the next habit wants its files, Infinity when none does. */
  nextMs(): number {
    this.#nextMs ??= this.#habits.reduce((next, habit) => Math.min(next, nextOf(habit)), Number.POSITIVE_INFINITY)
    return this.#nextMs
  }

  /** The habits to prepare for now, each once a period. */
  takeDue(nowMs: number): DueHabit[] {
    this.expire(nowMs)
    const due: DueHabit[] = []
    for (const habit of this.#habits) {
      if (habit.asked || habit.expectedMs - LEAD_MS > nowMs) continue
      habit.asked = true
      const { analyzer, expectedMs } = habit
      due.push({ analyzer, expectedMs, probability: this.#probability(habit) })
    }
    return due
  }

  #probability(habit: Habit): number {
    const at = record(habit)
    const prior = PRIOR[Math.min(3, habit.kept)] ?? 0.5
    return ((this.#kept[at] ?? 0) + 2 * prior) / ((this.#due[at] ?? 0) + 2)
  }

  #keep(habit: Habit, expectedMs: number): void {
    this.#due[record(habit)] = (this.#due[record(habit)] ?? 0) + 1
    this.#kept[record(habit)] = (this.#kept[record(habit)] ?? 0) + 1
    habit.kept++
    habit.missed = 0
    habit.asked = false
    habit.expectedMs = expectedMs
  }

  #open(habit: Habit): void {
    this.#habits.push(habit)
    if (this.#habits.length > HABITS_MAX * LIMITS.analyzersMax) this.#habits.shift()
  }
}

/** Names what the analyzer's last session read, a stretch of it from `from` on. */
export function nameHabit(
  last: { sequence: Sequence; from: number; probability: number },
  candidates: Candidates,
): void {
  candidates.clear()
  const end = Math.min(last.sequence.length, last.from + LIMITS.candidatesMax)
  for (let at = last.from; at < end; at++) {
    const slot = candidates.add(last.sequence.files[at] ?? 0, SOURCE.clock)
    if (slot >= 0) candidates.quality[slot] = last.probability
  }
}

const PRIOR = [0.05, 0.6, 0.8, 0.9]

/** A habit that was asked for already comes again a period later, unless it was missed too often by then. */
function nextOf({ asked, expectedMs, missed, period }: Habit): number {
  if (!asked) return expectedMs - LEAD_MS
  return missed < MISSES_MAX ? expectedMs + (PERIODS_MS[period] ?? DAY_MS) - LEAD_MS : Number.POSITIVE_INFINITY
}

function near(habit: Habit, timeMs: number): boolean {
  return Math.abs(habit.expectedMs - timeMs) <= TOLERANCE_MS
}

function record(habit: Habit): number {
  return habit.period * 8 + Math.min(3, habit.kept) * 2 + Math.min(1, habit.missed)
}
