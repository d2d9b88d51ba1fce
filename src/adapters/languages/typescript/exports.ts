/** `exports` and `imports` of package.json, after Node's algorithm (nodejs.org/api/packages.html). */
import { type Data, isData } from './data.ts'

/** Conditions within conditions that are followed. */
const DEPTH_MAX = 16

/**
 * Targets of a subpath (`.`, `./x`, `#x`), best first. Where Node would take the first target whose conditions hold, all
 * are named: which of them is there is for the caller to see, since sources are warmed before they are built.
 */
export function targetsOf(table: unknown, subpath: string, conditions: ReadonlySet<string>): readonly string[] {
  const entries = isData(table) && Object.keys(table).some((key) => /^[.#]/.test(key)) ? table : { '.': table }
  const match = bestMatch(entries, subpath)
  return match === null
    ? []
    : [...targets(entries[match.key], conditions, 0)].map((one) => one.replaceAll('*', match.star))
}

function bestMatch(entries: Data, subpath: string): { readonly key: string; readonly star: string } | null {
  if (Object.hasOwn(entries, subpath) && !subpath.includes('*')) return { key: subpath, star: '*' }
  let best: { readonly key: string; readonly star: string; readonly prefix: number } | null = null
  for (const key of Object.keys(entries)) {
    const prefix = key.indexOf('*')
    if (prefix === -1 || (best !== null && best.prefix >= prefix)) continue
    const suffix = key.slice(prefix + 1)
    if (subpath.length < key.length || !subpath.startsWith(key.slice(0, prefix)) || !subpath.endsWith(suffix)) continue
    best = { key, star: subpath.slice(prefix, subpath.length - suffix.length), prefix }
  }
  return best
}

function* targets(target: unknown, conditions: ReadonlySet<string>, depth: number): Generator<string> {
  if (depth > DEPTH_MAX) return
  if (typeof target === 'string') yield target
  else if (Array.isArray(target)) for (const one of target) yield* targets(one, conditions, depth + 1)
  else if (isData(target)) {
    for (const [condition, inner] of Object.entries(target)) {
      // `types@>=5` holds for some versions of TypeScript.
      if (conditions.has(condition.replace(/^types@.*/, 'types'))) yield* targets(inner, conditions, depth + 1)
    }
  }
}
