import { TIME_MS_MAX } from './limits.ts'
import { wirePathProblem } from './path.ts'

/**
 * What is wrong with a value, or null. The text names the field and the limit, never the value: it goes into headers
 * and logs. Chained with `??`, the first problem wins.
 */
export type Problem = string | null

export type NameBounds = { readonly lengthMax: number; readonly emptyAllowed?: boolean }

/** A name: bounded, without control characters, not empty unless allowed. */
export function nameProblem(field: string, value: string, bounds: NameBounds): Problem {
  if (value.length === 0 && bounds.emptyAllowed !== true) return `${field} is empty`
  if (value.length > bounds.lengthMax) return `${field} is longer than ${bounds.lengthMax} characters`
  return hasControlCharacter(value) ? `${field} holds a control character` : null
}

export const optionalNameProblem = (field: string, value: string | null, bounds: NameBounds): Problem =>
  value === null ? null : nameProblem(field, value, bounds)

/** A time in whole milliseconds since the Unix epoch. */
export const timeProblem = (field: string, value: number): Problem =>
  Number.isInteger(value) && value >= 0 && value <= TIME_MS_MAX ? null : `${field} is no time from 1970 to 2100`

export const countProblem = (field: string, value: number, max = Number.MAX_SAFE_INTEGER): Problem =>
  Number.isSafeInteger(value) && value >= 0 && value <= max ? null : `${field} is no whole number from 0 to ${max}`

/** A whole number from 1 to `max`. */
export const rangeProblem = (field: string, value: number, max: number): Problem =>
  Number.isSafeInteger(value) && value >= 1 && value <= max ? null : `${field} is no whole number from 1 to ${max}`

export const shareProblem = (field: string, value: number): Problem =>
  value >= 0 && value <= 1 ? null : `${field} is not within 0 and 1`

/** Why a path may not travel; null when it may. */
export function filePathProblem(field: string, path: string): Problem {
  const problem = wirePathProblem(path)
  return problem === null ? null : `${field} ${problem}`
}

/** The first problem of a list: too many items, or that of an item, with its index. */
export function listProblem<Item>(
  list: { readonly field: string; readonly items: readonly Item[]; readonly itemsMax: number },
  check: (item: Item) => Problem,
): Problem {
  if (list.items.length > list.itemsMax) return `${list.field} has more than ${list.itemsMax} entries`
  for (const [index, item] of list.items.entries()) {
    const problem = check(item)
    if (problem !== null) return `${list.field}[${index}]: ${problem}`
  }
  return null
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x20 || unit === 0x7f) return true
  }
  return false
}
