/**
 * Settings from environment variables: `FOREWARM_SECTION__KEY`, words in capitals with `_` between them, `__` between
 * levels. A whole section may come as one YAML or JSON value.
 */
import { joinSaid, NOTHING_SAID, nearest, problem, type Said } from './assignment.ts'
import { kindOf, type SchemaNode, typeOf } from './schema-node.ts'
import { readYamlValue } from './source-yaml.ts'

const PREFIX = 'FOREWARM_'

/** Variables with the prefix that are no settings: where the file is, and what the project's own tests use. */
const OTHERS = /^FOREWARM_(CONFIG$|TEST_|SERVICES_|BENCH_|CI_)/

/**
 * What Kubernetes puts into every pod for a service named `forewarm-...`. `FOREWARM_GATEWAY_PORT` is one of them only with
 * an address: with a number somebody means `FOREWARM_GATEWAY__PORT`.
 */
const SERVICE_LINKS = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/
const isServiceLink = (name: string, text: string): boolean =>
  SERVICE_LINKS.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))

type Place = { readonly path: readonly string[]; readonly node: SchemaNode }

export function readEnvironment(environment: ReadonlyMap<string, string>, schema: SchemaNode): Said {
  const places = new Map([...placesOf(schema, [])].map((place) => [variableOf(place.path), place]))
  return joinSaid(
    [...environment]
      .filter(([name]) => name.startsWith(PREFIX) && !OTHERS.test(name))
      .map(([name, text]) => readVariable(name, text, places)),
  )
}

/** Name of the variable that sets a setting: `kafka.topicPrefix` is `FOREWARM_KAFKA__TOPIC_PREFIX`. */
export const variableOf = (path: readonly string[]): string =>
  PREFIX + path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('__')

function* placesOf(node: SchemaNode, path: readonly string[]): Iterable<Place> {
  if (path.length > 0) yield { path, node }
  const kind = kindOf(node)
  if (kind.kind !== 'section') return
  for (const [key, member] of kind.members) yield* placesOf(member, [...path, key])
}

function readVariable(name: string, text: string, places: ReadonlyMap<string, Place>): Said {
  const place = places.get(name)
  if (place !== undefined) return assign(name, text, place)
  if (isServiceLink(name, text)) return NOTHING_SAID
  return problem(`${name}: unknown setting${nearest(name, [...places.keys()])}`)
}

function assign(where: string, text: string, { path, node }: Place): Said {
  if (kindOf(node).kind !== 'setting') return readYamlValue(text, where, { schema: node, path })
  return { assignments: [{ path, node, where, value: parsed(text, node) }], problems: [] }
}

/** The value that a text stands for; a text that stands for none stays a text, and the check then says what is wrong. */
function parsed(text: string, node: SchemaNode): unknown {
  switch (typeOf(node)) {
    case 'integer':
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'array':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    default:
      return text === '' && node.anyOf !== undefined ? null : text
  }
}
