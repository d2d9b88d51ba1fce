/** Settings as text: for `forewarm config print`, and the reference that docs/configuration.md holds. */
import { type Settings, settingsSchema } from './schema.ts'
import { expectation, kindOf, nodeOf, type SchemaNode } from './schema-node.ts'
import { variableOf } from './source-environment.ts'

const HIDDEN = '***'

/** Settings as plain data for printing, every secret that is set replaced by stars. */
export const redacted = (settings: Settings): unknown => redactNode(nodeOf(settingsSchema), settings)

function redactNode(node: SchemaNode, value: unknown): unknown {
  const kind = kindOf(node)
  if (kind.kind === 'setting') return node.secret === true && value !== null ? HIDDEN : value
  if (kind.kind === 'named') {
    const entries = [...(value as ReadonlyMap<string, unknown>)]
    return Object.fromEntries(entries.map(([name, member]) => [name, redactNode(kind.member, member)]))
  }
  if (kind.kind === 'list') return (value as readonly unknown[]).map((item) => redactNode(kind.member, item))
  const members = new Map(Object.entries(value as object))
  return Object.fromEntries([...kind.members].map(([key, member]) => [key, redactNode(member, members.get(key))]))
}

/** One documented setting. */
export type DocumentedSetting = {
  /** Dotted, with `<name>` for the names of a named group and `<item>` for the items of a list. */
  readonly path: string
  /** Null inside a named group or a list, which only a whole value of the group can set. */
  readonly variable: string | null
  readonly description: string
  readonly expects: string
  readonly value: unknown
  readonly secret: boolean
}

/** All settings, in the order of the schema. */
export const documentedSettings = (): readonly DocumentedSetting[] => [...settingsBelow(nodeOf(settingsSchema), [])]

function* settingsBelow(node: SchemaNode, path: readonly string[]): Iterable<DocumentedSetting> {
  const kind = kindOf(node)
  if (kind.kind === 'section') {
    for (const [key, member] of kind.members) yield* settingsBelow(member, [...path, key])
  } else if (kind.kind === 'named') {
    yield* settingsBelow(kind.member, [...path, '<name>'])
  } else if (kind.kind === 'list') {
    yield* settingsBelow(kind.member, [...path, '<item>'])
  } else {
    yield {
      path: path.join('.'),
      variable: path.includes('<name>') || path.includes('<item>') ? null : variableOf(path),
      description: node.description ?? '',
      expects: expectation(node),
      value: node.default,
      secret: node.secret === true,
    }
  }
}

/** Every section and named group with its description, in the order of the schema. */
export function documentedSections(): readonly { readonly path: string; readonly description: string }[] {
  const sections = (node: SchemaNode, path: readonly string[]): readonly { path: string; description: string }[] => {
    const kind = kindOf(node)
    const here = { path: path.join('.'), description: node.description ?? '' }
    if (kind.kind === 'setting') return []
    if (kind.kind === 'named') return [here, ...sections(kind.member, [...path, '<name>'])]
    if (kind.kind === 'list') return [here, ...sections(kind.member, [...path, '<item>'])]
    return [here, ...[...kind.members].flatMap(([key, member]) => sections(member, [...path, key]))]
  }
  return sections(nodeOf(settingsSchema), [])
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const defaultOf = ({ value }: DocumentedSetting): string =>
  value === undefined ? 'needed' : value === null ? 'none' : `\`${JSON.stringify(value)}\``

/** docs/configuration.md. */
export function settingsReference(): string {
  const settings = documentedSettings()
  const blocks = documentedSections()
    .map(({ path, description }) => ({ path, description, own: settings.filter((one) => ownerOf(one.path) === path) }))
    .filter(({ own, path }) => own.length > 0 || path === '')
    .map(({ path, description, own }) =>
      [
        `## ${path === '' ? 'General' : `\`${path}\``}`,
        '',
        path === '' ? '' : `${description}\n`,
        '| setting | meaning | takes | default |',
        '| --- | --- | --- | --- |',
        ...own.map(rowOf),
        '',
      ]
        .filter((line, at) => at !== 2 || line !== '')
        .join('\n'),
    )
  return `${INTRODUCTION}\n${blocks.join('\n')}`
}

const ownerOf = (path: string): string => path.split('.').slice(0, -1).join('.')

function rowOf(setting: DocumentedSetting): string {
  const variable =
    setting.variable === null ? '' : `<br>\`${setting.variable}\`${setting.secret ? ' (or `_FILE`)' : ''}`
  return `| \`${setting.path}\`${variable} | ${cell(setting.description)} | ${cell(setting.expects)} | ${cell(defaultOf(setting))} |`
}

const INTRODUCTION = `# Settings

<!-- Written by \`npm run docs\` from src/config/; do not edit. -->

Everything has a default except where the files of a workspace are. Later sources win:

1. the defaults below,
2. one YAML file: \`--config FILE\`, else the file that \`FOREWARM_CONFIG\` names,
3. environment variables: \`FOREWARM_\`, the sections joined by \`__\`, words in capitals with \`_\` between them.

A list in a variable is separated by commas. A section or a group of names can be set as a whole by one variable with a
YAML or JSON value: \`FOREWARM_WORKSPACES='{"acme/web": {"origin": {"directory": "/src/web"}}}'\`. A password can come from
a file: \`FOREWARM_KAFKA__SASL__PASSWORD_FILE=/run/secrets/kafka\`.

An unknown key is an error that names the nearest right one; a bad value is an error that says where it stands and what
was expected. \`forewarm config print\` shows what holds now (secrets hidden), \`forewarm config schema\` the JSON Schema.
`
