/** A first settings file, with the schema's own words as comments: what is commented out is the default. */
import { stringify } from 'yaml'
import { documentedSections, documentedSettings } from './print.ts'
import type { Settings } from './schema.ts'

export type Starter = {
  readonly mode: Settings['mode']
  /** Name of the first workspace. */
  readonly workspace: string
  /** Where its files are. */
  readonly directory: string
}

/** What somebody who begins looks at, in the order of the file; all else is in docs/configuration.md. */
const SHOWN: Readonly<Record<Settings['mode'], readonly string[]>> = {
  embedded: [
    'predict.aggressiveness',
    'gateway.port',
    'embedded.file',
    'embedded.cacheBytesMax',
    'embedded.logBytesMax',
    'log.level',
  ],
  distributed: [
    'kafka.brokers',
    'kafka.topicPrefix',
    'kafka.groupPrefix',
    'kafka.partitions',
    'kafka.replicationFactor',
    'kafka.minInsyncReplicas',
    'kafka.tls.enabled',
    'kafka.sasl.mechanism',
    'kafka.sasl.username',
    'registry.url',
    'registry.username',
    'model.redis.urls',
    'model.redis.username',
    'model.version',
    'cache.redis.urls',
    'cache.redis.username',
    'predict.aggressiveness',
    'gateway.host',
    'gateway.port',
    'log.level',
  ],
}

/** Addresses, which nobody's defaults are. */
const TO_FILL_IN = new Set(['kafka.brokers', 'registry.url', 'model.redis.urls', 'cache.redis.urls'])

const WIDTH = 110

/** The text of the file; read as settings it gives the defaults, but for the mode and one workspace. */
export function starterSettings({ mode, workspace, directory }: Starter): string {
  const settings = new Map(documentedSettings().map((one) => [one.path, one]))
  const shown = SHOWN[mode].map((path) => {
    const { description = '', value } = settings.get(path) ?? {}
    return { path, description, value, isActive: mode === 'distributed' && TO_FILL_IN.has(path) }
  })
  const lines = [
    ...comment(HEAD, ''),
    '',
    ...comment(settings.get('mode')?.description ?? '', ''),
    `mode: ${mode}`,
    '',
    ...comment(descriptionOf('workspaces'), ''),
    ...stringify({ workspaces: { [workspace]: { origin: { directory } } } })
      .trimEnd()
      .split('\n'),
    ...tree(shown),
  ]
  return `${lines.join('\n')}\n`
}

const HEAD =
  'Settings of forewarm. What is commented out is the default. Each can also be an environment variable ' +
  '(kafka.topicPrefix: FOREWARM_KAFKA__TOPIC_PREFIX); passwords belong there, or into files (..._FILE), not into this ' +
  'one. All that there are: docs/configuration.md, or `forewarm config reference`.'

type Shown = {
  readonly path: string
  readonly description: string
  readonly value: unknown
  readonly isActive: boolean
}

/** Sections as they are met; one in which nothing is set is commented out with all that it holds. */
function tree(shown: readonly Shown[], above: readonly string[] = []): readonly string[] {
  const depth = above.length
  const indent = '  '.repeat(depth)
  const byName = Map.groupBy(shown, ({ path }) => path.split('.')[depth] ?? '')
  return [...byName].flatMap(([name, members]) => {
    const [first] = members
    const path = [...above, name]
    if (first !== undefined && first.path === path.join('.')) return settingLines(first, indent)
    const sign = members.some(({ isActive }) => isActive) ? '' : '# '
    const head = [...comment(descriptionOf(path.join('.')), indent), `${indent}${sign}${name}:`]
    return [...(depth === 0 ? [''] : []), ...head, ...tree(members, path)]
  })
}

function settingLines({ path, description, value, isActive }: Shown, indent: string): readonly string[] {
  const text = `${path.split('.').at(-1)}: ${value === null ? '' : JSON.stringify(value)}`.trimEnd()
  return [...comment(description, indent), `${indent}${isActive ? '' : '# '}${text}`]
}

const descriptionOf = (path: string): string =>
  documentedSections().find((section) => section.path === path)?.description ?? ''

/** Words as lines of comments, two signs wide so that they are told from settings that are commented out. */
function comment(words: string, indent: string): readonly string[] {
  const lines = ['']
  for (const word of words.split(' ').filter((one) => one !== '')) {
    const last = lines.at(-1) ?? ''
    if (indent.length + last.length + word.length > WIDTH) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.filter((line) => line !== '').map((line) => `${indent}## ${line}`)
}
