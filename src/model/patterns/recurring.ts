/** One session's files, in the order in which they were read. */
export type SessionPaths = { readonly session: string; readonly paths: readonly string[] }

/** Files that several sessions read one right after the other. */
export type RecurringSequence = {
  readonly paths: readonly string[]
  /** Sessions that have all of its steps. */
  readonly sessions: number
}

/** Sessions that are compared: each is one bit of a number. */
export const COMPARED_MAX = 30

/** Reads of a session that are looked at; whole sessions repeat themselves early enough. */
const READS_MAX = 2_048

/** Files that make a sequence: fewer are pairs, and those are correlations. */
const LENGTH_MIN = 3

/**
 * Sequences that at least two of the sessions have in common, the most telling (sessions * length) first. A sequence ends
 * where fewer than half of the sessions that began it go on, so that what ten share is not hidden in what two share to
 * the end. Sequential pattern mining as by n-grams (of three files) that are joined where the same sessions have them.
 */
export function recurringSequences(sessions: readonly SessionPaths[], countMax: number): readonly RecurringSequence[] {
  const compared = sessions.slice(0, COMPARED_MAX).map(({ paths }) => withoutRepeats(paths.slice(0, READS_MAX)))
  const seenIn = stepsOf(compared)
  const taken = new Set<string>()
  const found = compared.flatMap((paths) => chainsOf(paths, seenIn, taken))
  return found
    .sort((one, other) => other.sessions * other.paths.length - one.sessions * one.paths.length)
    .slice(0, countMax)
}

/** A file that is read several times in a row is one step. */
const withoutRepeats = (paths: readonly string[]): string[] => paths.filter((path, at) => path !== paths[at - 1])

const stepAt = (paths: readonly string[], at: number): string => paths.slice(at, at + LENGTH_MIN).join('\u0000')

/** The sessions of each step, as bits. */
function stepsOf(sessions: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const seenIn = new Map<string, number>()
  for (const [bit, paths] of sessions.entries()) {
    for (let at = 0; at + LENGTH_MIN <= paths.length; at += 1) {
      const step = stepAt(paths, at)
      seenIn.set(step, (seenIn.get(step) ?? 0) | (1 << bit))
    }
  }
  return seenIn
}

function chainsOf(
  paths: readonly string[],
  seenIn: ReadonlyMap<string, number>,
  taken: Set<string>,
): RecurringSequence[] {
  const chains: RecurringSequence[] = []
  const sessionsAt = (at: number) => (at + LENGTH_MIN > paths.length ? 0 : (seenIn.get(stepAt(paths, at)) ?? 0))
  for (let from = 0; from + LENGTH_MIN <= paths.length; from += 1) {
    if (taken.has(stepAt(paths, from))) continue
    const least = Math.max(2, bitsOf(sessionsAt(from)) / 2)
    let common = sessionsAt(from)
    let last = from
    while (bitsOf(common & sessionsAt(last + 1)) >= least) common &= sessionsAt(++last)
    if (bitsOf(common) < 2) continue
    for (let at = from; at <= last; at += 1) taken.add(stepAt(paths, at))
    chains.push({ paths: paths.slice(from, last + LENGTH_MIN), sessions: bitsOf(common) })
    from = last
  }
  return chains
}

function bitsOf(bits: number): number {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1
  return count
}
