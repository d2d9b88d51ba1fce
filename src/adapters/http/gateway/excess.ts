/**
 * Looks for what is too much in a value before anything is done for each of its parts: to fill defaults into a list that
 * is a thousand times too long, and to find all that is wrong in it, keeps a process busy for seconds.
 */

/** What counts here of a schema. */
type Bounds = {
  readonly type?: unknown
  readonly maxItems?: number
  readonly items?: Bounds
  readonly properties?: Readonly<Record<string, Bounds>>
  readonly additionalProperties?: unknown
  readonly anyOf?: readonly Bounds[]
}

/** Unknown keys that are named, and how much of each. */
const KEYS_NAMED = 5
const KEY_LENGTH_MAX = 64

/** The first list with more items, or object with other keys, than the schema takes, in words; null when there is none. */
export function excessOf(schema: object, value: unknown, at = ''): string | null {
  if (Array.isArray(value)) return inList(of(schema, 'array'), value, at)
  return typeof value === 'object' && value !== null ? inObject(of(schema, 'object'), value, at) : null
}

/** The part of a schema that is for lists or for objects; without one the value is refused at first sight. */
const of = (schema: Bounds, type: 'array' | 'object'): Bounds =>
  [schema, ...(schema.anyOf ?? [])].find((one) => one.type === type) ?? {}

function inList({ maxItems, items }: Bounds, value: readonly unknown[], at: string): string | null {
  if (maxItems !== undefined && value.length > maxItems) return `${named(at)} must not have more than ${maxItems} items`
  return items === undefined ? null : firstOf(value.entries(), (index, item) => excessOf(items, item, `${at}/${index}`))
}

function inObject({ properties, additionalProperties }: Bounds, value: object, at: string): string | null {
  if (properties === undefined) return null
  const stray = Object.keys(value).filter((key) => !Object.hasOwn(properties, key))
  if (additionalProperties === false && stray.length > 0) return `${named(at)} has unknown ${listed(stray)}`
  return firstOf(Object.entries(value), (key, item) => excessOf(properties[key] ?? {}, item, `${at}/${key}`))
}

function firstOf<Key>(entries: Iterable<[Key, unknown]>, look: (key: Key, item: unknown) => string | null) {
  for (const [key, item] of entries) {
    const found = look(key, item)
    if (found !== null) return found
  }
  return null
}

const named = (at: string): string => (at === '' ? 'the value' : at)

const listed = (keys: readonly string[]): string =>
  [
    ...keys.slice(0, KEYS_NAMED).map((key) => key.slice(0, KEY_LENGTH_MAX)),
    ...(keys.length > KEYS_NAMED ? ['…'] : []),
  ].join(', ')
