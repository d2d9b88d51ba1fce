/**
 * Globs of paths, safe on hostile patterns: a pattern becomes an automaton without backtracking, so a match takes at
 * most (characters of the path) x (characters of the pattern) small steps, whatever the two are.
 *
 * `*` any characters of one segment, `?` one of them, `**` (alone between slashes) any segments, `[a-z]`, `[!a-z]` one
 * character of a set, `{a,b}` one of some patterns, `\` takes the next character as it is. A leading dot is no special
 * character. Everything else stands for itself.
 */

/** Longest pattern, UTF-16 units. */
export const GLOB_LENGTH_MAX = 256

/** `*`, `?`, `**` and sets of one pattern. */
const GLOB_WILDCARDS_MAX = 32

/** Braces within braces. */
const NESTING_MAX = 4

export type Glob = {
  readonly pattern: string
  /** Whether a path, `/`-separated and relative, is one of those that the pattern means. */
  matches(path: string): boolean
  /** The same with the work that it took. */
  measured(path: string): { readonly matches: boolean; readonly steps: number }
}

/** The glob that a text means, or what is wrong with it, in words that follow the pattern's name. */
export function readGlob(pattern: string): Glob | { readonly problem: string } {
  const shape = shapeProblem(pattern)
  if (shape !== null) return { problem: shape }
  const bare = pattern.startsWith('./') ? pattern.slice(2) : pattern
  const reader = new GlobReader(bare)
  const problem = reader.read()
  if (problem !== null) return { problem }
  const { states } = reader
  const { start, end } = literalEnds(bare)
  return {
    pattern,
    // Most paths of a tree differ from most patterns at one of their ends.
    matches: (path) => path.startsWith(start) && path.endsWith(end) && run(states, path).matches,
    measured: (path) => run(states, path),
  }
}

/** Whether a text has a character that means something in a glob, so that it is more than the name of one file. */
export const isGlob = (text: string): boolean => /[*?[{]/.test(text)

/** The glob of exactly one path. */
export const literalGlob = (path: string): string => path.replace(/[\\*?[\]{},!]/g, '\\$&')

/** How every path begins and ends that a pattern means, as far as its text shows. */
function literalEnds(pattern: string): { readonly start: string; readonly end: string } {
  const [start = ''] = /^[^*?[\]{},\\]*/.exec(pattern) ?? []
  const [end = ''] = /[^*?[\]{},\\]*$/.exec(pattern) ?? []
  if (start.length === pattern.length) return { start, end }
  // `**` and the slash after it may stand for nothing; what follows a backslash is part of what it means.
  return { start, end: end.replace(/^\//, '') }
}

function shapeProblem(pattern: string): string | null {
  if (pattern === '') return 'is empty'
  if (pattern.length > GLOB_LENGTH_MAX) return `is longer than ${GLOB_LENGTH_MAX} characters`
  if (pattern.includes('\0')) return 'holds a NUL character'
  if (pattern.startsWith('/')) return 'begins with a slash: paths are relative to the workspace'
  if (pattern.startsWith('!')) return 'begins with `!`: globs only include (write `\\!` for the character)'
  if (pattern.endsWith('/')) return 'ends with a slash: write `/**` for all files below a folder'
  const segments = pattern.replace(/^\.\//, '').split('/')
  if (segments.some((segment) => ['', '.', '..'].includes(segment))) return 'has an empty, `.` or `..` segment'
  return null
}

/** `to`: the states that follow; a `split` takes no character, all others one. */
type State = { readonly to: number[] } & (
  | { readonly kind: 'split' | 'end' }
  | { readonly kind: 'char'; readonly char: string }
  /** One character of a segment. */
  | { readonly kind: 'one' }
  /** Any character. */
  | { readonly kind: 'any' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
)

/** Where parts of the pattern begin and may end: `ends` are states whose `to` awaits what follows. */
type Fragment = { readonly start: number; readonly ends: readonly number[] }

class GlobReader {
  readonly states: State[] = []
  readonly #chars: readonly string[]
  #at = 0
  #wildcards = 0
  #problem: string | null = null

  constructor(pattern: string) {
    this.#chars = [...pattern]
  }

  /** Fills `states`, the first of which is the start; returns what is wrong with the pattern. */
  read(): string | null {
    const start = this.#add({ kind: 'split', to: [] })
    const body = this.#sequence({ depth: 0, segmentStart: true })
    const end = this.#add({ kind: 'end', to: [] })
    this.#link([start], body.start)
    this.#link(body.ends, end)
    if (this.#wildcards > GLOB_WILDCARDS_MAX) return `has more than ${GLOB_WILDCARDS_MAX} wildcards`
    return this.#problem
  }

  /** Reads up to the end of the pattern, or inside braces up to `,` or `}`. */
  #sequence({ depth, segmentStart }: { readonly depth: number; readonly segmentStart: boolean }): Fragment {
    const start = this.#add({ kind: 'split', to: [] })
    let ends: readonly number[] = [start]
    let atStart = segmentStart
    while (this.#at < this.#chars.length && this.#problem === null) {
      const char = this.#chars[this.#at] ?? ''
      if (depth > 0 && (char === ',' || char === '}')) break
      this.#at += 1
      const part = this.#part(char, { depth, segmentStart: atStart })
      this.#link(ends, part.start)
      ends = part.ends
      atStart = this.#chars[this.#at - 1] === '/' && char !== '\\'
    }
    return { start, ends }
  }

  #part(char: string, at: { readonly depth: number; readonly segmentStart: boolean }): Fragment {
    if (char === '*') return this.#chars[this.#at] === '*' ? this.#globstar(at) : this.#star()
    if (char === '?') return this.#wildcard({ kind: 'one', to: [] })
    if (char === '[') return this.#set()
    if (char === '{') return this.#braces(at)
    if (char === '\\') return this.#escaped()
    return this.#single({ kind: 'char', char, to: [] })
  }

  #star(): Fragment {
    this.#wildcards += 1
    return this.#repeat('one')
  }

  /** `**` with a slash after it: some segments with their slashes, or none; at the end: at least one character. */
  #globstar({ depth, segmentStart }: { readonly depth: number; readonly segmentStart: boolean }): Fragment {
    this.#at += 1
    this.#wildcards += 1
    const next = this.#chars[this.#at]
    const isAlone = next === undefined || next === '/' || (depth > 0 && (next === ',' || next === '}'))
    if (!segmentStart || !isAlone) {
      return this.#fail('has `**` beside other characters: it stands alone between slashes, as in `src/**/*.ts`')
    }
    const rest = this.#repeat('any')
    if (next !== '/') {
      const first = this.#add({ kind: 'any', to: [rest.start] })
      return { start: first, ends: rest.ends }
    }
    this.#at += 1
    const slash = this.#add({ kind: 'char', char: '/', to: [] })
    this.#link(rest.ends, slash)
    const skip = this.#add({ kind: 'split', to: [rest.start] })
    return { start: skip, ends: [skip, slash] }
  }

  #repeat(kind: 'one' | 'any'): Fragment {
    const loop = this.#add({ kind: 'split', to: [] })
    const one = this.#add({ kind, to: [loop] })
    this.#link([loop], one)
    return { start: loop, ends: [loop] }
  }

  #set(): Fragment {
    const negated = this.#chars[this.#at] === '!' || this.#chars[this.#at] === '^'
    const from = this.#at + (negated ? 1 : 0)
    // A `]` right at the start is one of the set.
    const end = this.#chars.indexOf(']', from + 1)
    if (end === -1) return this.#fail('has a `[` without `]` (write `\\[` for the character)')
    const inner = this.#chars.slice(from, end)
    if (inner.includes('/')) return this.#fail('has a slash within `[]`')
    this.#at = end + 1
    return this.#wildcard({ kind: 'set', negated, ranges: rangesOf(inner), to: [] })
  }

  #braces({ depth, segmentStart }: { readonly depth: number; readonly segmentStart: boolean }): Fragment {
    if (depth === NESTING_MAX) return this.#fail(`has more than ${NESTING_MAX} braces within each other`)
    const start = this.#add({ kind: 'split', to: [] })
    const ends: number[] = []
    for (;;) {
      const branch = this.#sequence({ depth: depth + 1, segmentStart })
      this.#link([start], branch.start)
      ends.push(...branch.ends)
      const char = this.#chars[this.#at]
      this.#at += 1
      if (char === '}') return { start, ends }
      if (char !== ',') return this.#fail('has a `{` without `}` (write `\\{` for the character)')
    }
  }

  #escaped(): Fragment {
    const char = this.#chars[this.#at]
    if (char === undefined) return this.#fail('ends with a backslash')
    this.#at += 1
    return this.#single({ kind: 'char', char, to: [] })
  }

  #wildcard(state: State): Fragment {
    this.#wildcards += 1
    return this.#single(state)
  }

  #single(state: State): Fragment {
    const at = this.#add(state)
    return { start: at, ends: [at] }
  }

  #add(state: State): number {
    return this.states.push(state) - 1
  }

  #link(from: readonly number[], to: number): void {
    for (const at of from) this.states[at]?.to.push(to)
  }

  #fail(problem: string): Fragment {
    this.#problem ??= problem
    return this.#single({ kind: 'end', to: [] })
  }
}

/** Pairs of a set's ranges; a single character is a range of itself, so is a `-` at either end. */
function rangesOf(inner: readonly string[]): readonly (readonly [string, string])[] {
  const ranges: (readonly [string, string])[] = []
  for (let at = 0; at < inner.length; at += 1) {
    const first = inner[at] ?? ''
    const last = inner[at + 2]
    if (inner[at + 1] === '-' && last !== undefined) {
      ranges.push([first, last])
      at += 2
    } else ranges.push([first, first])
  }
  return ranges
}

/** Follows all ways through the automaton at once; each state is entered at most once a character. */
function run(states: readonly State[], path: string): { readonly matches: boolean; readonly steps: number } {
  const enteredAt = new Int32Array(states.length).fill(-1)
  let steps = 0
  let position = 0
  let now: number[] = []
  const enter = (at: number, into: number[]): void => {
    const pending = [at]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      steps += 1
      if (enteredAt[next] === position) continue
      enteredAt[next] = position
      const state = states[next]
      if (state?.kind === 'split') pending.push(...state.to)
      else into.push(next)
    }
  }
  enter(0, now)
  for (const char of path) {
    position += 1
    const following: number[] = []
    for (const at of now) {
      const state = states[at]
      steps += state?.kind === 'set' ? state.ranges.length : 1
      if (state !== undefined && takes(state, char)) for (const to of state.to) enter(to, following)
    }
    if (following.length === 0) return { matches: false, steps }
    now = following
  }
  return { matches: now.some((at) => states[at]?.kind === 'end'), steps }
}

function takes(state: State, char: string): boolean {
  switch (state.kind) {
    case 'char':
      return state.char === char
    case 'one':
      return char !== '/'
    case 'any':
      return true
    case 'set':
      return char !== '/' && state.ranges.some(([first, last]) => first <= char && char <= last) !== state.negated
    default:
      return false
  }
}
