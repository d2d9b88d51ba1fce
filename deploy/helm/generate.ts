/**
 * Makes the chart's values.schema.json and the table in its README.md out of the comments in values.yaml; the part
 * `settings` of the schema is the settings' own. Copies the alerts into the chart, which reads no file outside its
 * folder. `npm run docs` runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { settingsSchema } from '../../src/config/schema.ts'
import { nodeOf, type SchemaNode } from '../../src/config/schema-node.ts'

const chart = join(import.meta.dirname, 'forewarm')

/** A key of values.yaml with what the comment above it says. */
export type DocumentedValue = {
  readonly path: readonly string[]
  readonly description: string
  /** Words behind `@schema`; none where the default says enough. */
  readonly hint: readonly string[]
  readonly value: unknown
}

type Schema = { readonly [key: string]: unknown }

/** Settings that the chart sets by itself, or that would put a secret into a ConfigMap. */
const OWNED =
  /^(mode|embedded|health\.(host|port)|gateway\.(host|port|tokensFile|tls|oidc\.caFile)|telemetry\.prometheus|kafka\.(tls|sasl)|(model|cache)\.redis\.(username|passwordFile|tls)|registry\.(username|passwordFile|tls))$/

/** What is never printed and yet no secret: nobody gets from the hash to the token. */
const HASH = /^gateway\.tokens\..*\.sha256$/

const text: Schema = { type: 'string' }
const closed = (properties: Schema, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
})

const name: Schema = { type: 'string', pattern: '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$' }
const NAMED: Readonly<Record<string, Schema>> = {
  texts: { type: 'object', additionalProperties: text },
  list: { type: 'array', items: text },
  object: { type: 'object' },
  objects: { type: 'array', items: { type: 'object' } },
  manifests: { type: 'array', items: { anyOf: [{ type: 'object' }, text] } },
  number: { type: 'number' },
  ports: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 } },
  secrets: closed({ kafka: text, modelRedis: text, cacheRedis: text, registry: text }),
  schedules: {
    type: 'array',
    items: closed({ name, workspace: text, strategy: text, cron: text, timeZone: text }, [
      'name',
      'workspace',
      'strategy',
      'cron',
    ]),
  },
  env: {
    type: 'object',
    additionalProperties: false,
    patternProperties: {
      '^[A-Za-z_][A-Za-z0-9_]*$': {
        anyOf: [
          text,
          { type: 'number' },
          { type: 'boolean' },
          closed({ valueFrom: { type: 'object' } }, ['valueFrom']),
        ],
      },
    },
  },
}

const SECTIONS = new Set([undefined, 'defaults', 'process', 'gateway'])

/** What values.yaml documents, in its order. */
export function documentedValues(yaml: string): readonly DocumentedValue[] {
  const values: unknown = parse(yaml)
  const found: DocumentedValue[] = []
  const above: string[] = []
  let comment: string[] = []
  for (const line of yaml.split('\n')) {
    const [, indent = '', said] = /^( *)# ?(.*)$/.exec(line) ?? []
    const [, keyIndent = '', key] = /^( *)([A-Za-z]\w*):/.exec(line) ?? []
    if (said !== undefined) comment.push(said)
    else if (key !== undefined) {
      above.length = keyIndent.length / 2
      above.push(key)
      if (comment.length > 0) found.push(documented([...above], comment, values))
      comment = []
    } else comment = []
    if (indent.length % 2 !== 0) throw new Error(`values.yaml is not indented by twos: ${line}`)
  }
  return found
}

function documented(path: readonly string[], comment: readonly string[], values: unknown): DocumentedValue {
  const hint = comment.find((line) => line.startsWith('@schema '))
  const description = comment.filter((line) => !line.startsWith('@schema ')).join(' ')
  return {
    path,
    description: description.replace(/^-- /, ''),
    hint: hint?.split(' ').slice(1) ?? [],
    value: path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], values),
  }
}

/** The schema of all values. Nothing that is not documented is taken. */
export function valuesSchema(yaml: string): Schema {
  const all = documentedValues(yaml)
  const root = sectionSchema(parse(yaml), { all, path: [] })
  const properties = { ...(root['properties'] as Schema), global: { type: 'object' } }
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...root, properties }
}

type At = { readonly all: readonly DocumentedValue[]; readonly path: readonly string[] }

function sectionSchema(value: object, { all, path }: At): Schema {
  const members = Object.entries(value).map(([key, inner]) => [key, schemaAt(inner, { all, path: [...path, key] })])
  return closed(Object.fromEntries(members))
}

function schemaAt(value: unknown, at: At): Schema {
  const entry = at.all.find(({ path }) => path.join('.') === at.path.join('.'))
  const described = entry?.description ? { description: entry.description } : {}
  const [kind] = entry?.hint ?? []
  if (SECTIONS.has(kind) && typeof value === 'object' && value !== null) {
    const own = sectionSchema(value, at)
    if (kind !== 'process' && kind !== 'gateway') return { ...described, ...own }
    const defaults = schemaAt(defaultsOf(at.all), { ...at, path: ['defaults'] })
    return {
      ...described,
      ...own,
      properties: { ...(defaults['properties'] as Schema), ...(own['properties'] as Schema) },
    }
  }
  if (entry === undefined) throw new Error(`values.yaml does not say what ${at.path.join('.')} is`)
  return { ...described, ...leafSchema(entry) }
}

const defaultsOf = (all: readonly DocumentedValue[]): unknown =>
  all.find(({ path }) => path.join('.') === 'defaults')?.value

function leafSchema({ path, hint: [kind, ...words], value }: DocumentedValue): Schema {
  if (kind === 'settings') return settingsPart(nodeOf(settingsSchema), [])
  if (kind === 'one') return { enum: words }
  if (kind === 'pattern') return { type: 'string', pattern: words.join(' ') }
  if (kind === 'integer') return { type: 'integer', minimum: Number(words[0]) }
  const known = kind === undefined ? undefined : NAMED[kind]
  if (known !== undefined) return known
  if (kind === undefined && (typeof value === 'string' || typeof value === 'boolean')) return { type: typeof value }
  throw new Error(`values.yaml does not say what ${path.join('.')} takes`)
}

/** The settings' schema without what the chart sets; a part of the settings is enough, since each has its default. */
function settingsPart(node: SchemaNode, path: readonly string[]): Schema {
  const { properties, patternProperties, items, ...rest } = node as SchemaNode & { required?: readonly string[] }
  const { required: _, secret: __, ...own } = rest
  const inner = (members: Readonly<Record<string, SchemaNode>>) =>
    Object.entries(members)
      .filter(([key, member]) => {
        const at = [...path, key].join('.')
        return !OWNED.test(at) && (member.secret !== true || HASH.test(at))
      })
      .map(([key, member]) => [key, settingsPart(member, [...path, key])])
  const needed = Object.entries(properties ?? {}).flatMap(([key, member]) =>
    member.default === undefined && member.properties === undefined ? [key] : [],
  )
  return {
    ...(JSON.parse(JSON.stringify(own)) as Schema),
    ...(properties === undefined ? {} : closed(Object.fromEntries(inner(properties)), needed)),
    ...(patternProperties === undefined
      ? {}
      : { additionalProperties: false, patternProperties: Object.fromEntries(inner(patternProperties)) }),
    ...(items === undefined ? {} : { items: settingsPart(items, path) }),
  }
}

/** The table of values in README.md. */
export function valuesTable(yaml: string): string {
  const rows = documentedValues(yaml)
    .filter(({ description, path }) => description !== '' && path.length > 0)
    .map(({ path, description, hint, value }) => {
      const isSection = ['settings', 'defaults', 'process', 'gateway'].includes(hint[0] ?? '')
      const shown = isSection ? '' : `\`${JSON.stringify(value)}\``
      return `| \`${path.join('.')}\` | ${description.replaceAll('|', '\\|')} | ${shown} |`
    })
  return ['| value | meaning | default |', '| --- | --- | --- |', ...rows].join('\n')
}

/** The page with its table as it should be. */
export const withTable = (page: string, yaml: string): string =>
  page.replace(
    /(<!-- values -->\n)[\s\S]*(\n<!-- \/values -->)/,
    (_, start, end) => `${start}\n${valuesTable(yaml)}\n${end}`,
  )

export const schemaText = (yaml: string): string => `${JSON.stringify(valuesSchema(yaml), null, 2)}\n`

/** The alerts as the chart carries them. */
export const alertsCopy = (): string => {
  const alerts = readFileSync(join(import.meta.dirname, '../prometheus/alerts.yaml'), 'utf8')
  return `# Made by \`npm run docs\` of deploy/prometheus/alerts.yaml: change that one.\n${alerts.slice(alerts.indexOf('groups:'))}`
}

if (import.meta.main) {
  writeFileSync(join(chart, 'rules', 'alerts.yaml'), alertsCopy())
  const yaml = readFileSync(join(chart, 'values.yaml'), 'utf8')
  writeFileSync(join(chart, 'values.schema.json'), schemaText(yaml))
  const page = join(chart, 'README.md')
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), yaml))
}
