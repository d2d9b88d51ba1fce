/**
 * Priority files as people write them: a glob, or one of the other selectors as `kind:value`.
 *
 * `src/**\/*.py` or `glob:src/**\/*.py`, `list:FILE`, `changed:REF`, `mostAccessed[:COUNT]`, `profile:ANALYZER[:COUNT]`,
 * `peakHour[:COUNT]`, `withinHour[:COUNT]`.
 */
import { readGlob } from '../glob.ts'
import { pathDenial } from '../path.ts'
import { type FileSelector, SELECTOR_KINDS, type SelectorKind } from './run-spec.ts'

/** Longest value of a selector, UTF-16 units; the same as the wire's. */
const VALUE_LENGTH_MAX = 256

/** Files of one run at most; the same as the wire's. */
const COUNT_MAX = 1_000_000

/** Files that a selector gives unless it says otherwise. `peakHour` is the manual's top 20; 0 is no bound of its own. */
export const SELECTOR_COUNTS: Readonly<Record<SelectorKind, number>> = {
  glob: 0,
  list: 0,
  changed: 0,
  mostAccessed: 1_000,
  profile: 1_000,
  peakHour: 20,
  withinHour: 100,
}

const TAKES_COUNT: readonly SelectorKind[] = ['mostAccessed', 'profile', 'peakHour', 'withinHour']
const TAKES_VALUE: readonly SelectorKind[] = ['glob', 'list', 'changed', 'profile']

type Read = FileSelector | { readonly problem: string }

/** The selector that a text means, or what is wrong with it, in words that follow the text. */
export function readSelector(text: string): Read {
  const [, word = '', rest] = /^([A-Za-z]+)(?::(.*))?$/s.exec(text) ?? []
  const kind = SELECTOR_KINDS.find((one) => one === word)
  if (kind === undefined || (rest === undefined && TAKES_VALUE.includes(kind))) return globSelector(text)
  if (kind === 'glob') return globSelector(rest ?? '')
  const { value, count } = partsOf(kind, rest ?? '')
  if (!TAKES_VALUE.includes(kind) && value !== '') return { problem: `takes a count after \`${kind}:\`` }
  if (TAKES_VALUE.includes(kind) && value === '') return { problem: `needs a value after \`${kind}:\`` }
  if (value.length > VALUE_LENGTH_MAX) return { problem: `is longer than ${VALUE_LENGTH_MAX} characters` }
  if (kind === 'list' && pathDenial(value) !== null) return { problem: 'names no file inside the workspace' }
  if (count < 1 && TAKES_COUNT.includes(kind)) return { problem: `needs a count from 1 to ${COUNT_MAX}` }
  return count > COUNT_MAX ? { problem: `needs a count from 1 to ${COUNT_MAX}` } : { kind, value, count }
}

function globSelector(pattern: string): Read {
  const glob = readGlob(pattern)
  return 'problem' in glob ? glob : { kind: 'glob', value: pattern, count: SELECTOR_COUNTS.glob }
}

/** Value and count of what stands after the colon; a count is its own or the last part. */
function partsOf(kind: SelectorKind, rest: string): { readonly value: string; readonly count: number } {
  if (!TAKES_COUNT.includes(kind)) return { value: rest, count: SELECTOR_COUNTS[kind] }
  const [, value = '', digits] = /^(.*?)(?:(?:^|:)(\d{1,9}))?$/s.exec(rest) ?? []
  return { value, count: digits === undefined ? SELECTOR_COUNTS[kind] : Number(digits) }
}

/** A selector as it is written; reading it again gives the same selector. */
export function selectorText({ kind, value, count }: FileSelector): string {
  if (kind === 'glob') return readSelectorKind(value) ? `glob:${value}` : value
  return [kind, ...(value === '' ? [] : [value]), ...(TAKES_COUNT.includes(kind) ? [count] : [])].join(':')
}

/** Whether a glob would be taken for another selector. */
const readSelectorKind = (pattern: string): boolean => {
  const read = readSelector(pattern)
  return 'problem' in read || read.kind !== 'glob' || read.value !== pattern
}
