/**
 * Settings from their sources: defaults, then one YAML file, then environment variables; each checked where it was
 * said.
 */
import { readFileSync } from 'node:fs'
import { Value } from 'typebox/value'
import { type ErrorCode, ForewarmError } from '../ports/errors.ts'
import { type Assignment, joinSaid, NOTHING_SAID, type Problem, type Said } from './assignment.ts'
import { ownEnvironment } from './environment.ts'
import { brokenRules } from './rules.ts'
import { type Settings, settingsSchema } from './schema.ts'
import { expectation, kindOf, nodeOf, type SchemaNode } from './schema-node.ts'
import { readEnvironment } from './source-environment.ts'
import { readYaml } from './source-yaml.ts'

export type SettingsSources = {
  /** Text of the settings file and its name for messages, if there is one. */
  readonly file?: { readonly name: string; readonly text: string }
  readonly environment?: ReadonlyMap<string, string>
}

/** Checked, frozen settings. Throws FW_CONFIG_INVALID that lists everything that is wrong, one line each. */
export function settingsFrom(sources: SettingsSources): Settings {
  const schema = nodeOf(settingsSchema)
  const said = joinSaid([
    sources.file === undefined ? NOTHING_SAID : readYaml(sources.file.text, sources.file.name, schema),
    sources.environment === undefined ? NOTHING_SAID : readEnvironment(sources.environment, schema),
  ])
  const settings = valuesFrom(schema, said, 'FW_CONFIG_INVALID') as Settings
  const broken = brokenRules(settings)
  if (broken.length > 0) throw invalid(broken)
  return settings
}

/** What was said as values, each checked. Throws an error of this code that lists everything that is wrong. */
export function valuesFrom(schema: SchemaNode, said: Said, code: ErrorCode): unknown {
  const problems = [...said.problems, ...said.assignments.flatMap(faultOf)]
  if (problems.length > 0) throw invalid(problems, code)
  try {
    return build(schema, said, [])
  } catch (cause) {
    throw cause instanceof Missing ? invalid([cause.message], code) : cause
  }
}

/** A setting without default that nobody has set. */
class Missing extends Error {}

/** The settings of this process: the file that was named (else FOREWARM_CONFIG, else none) and its environment. */
export function loadSettings(file?: string): Settings {
  const environment = environmentOf(ownEnvironment())
  const name = file ?? environment.get('FOREWARM_CONFIG')
  return settingsFrom({ environment, ...(name === undefined ? {} : { file: { name, text: readSettingsFile(name) } }) })
}

const environmentOf = (variables: ReturnType<typeof ownEnvironment>): ReadonlyMap<string, string> =>
  new Map(Object.entries(variables).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])))

function readSettingsFile(name: string): string {
  try {
    return readFileSync(name, 'utf8')
  } catch (cause) {
    throw new ForewarmError('FW_CONFIG_INVALID', `cannot read the settings file ${name}: name an existing file`, {
      cause,
    })
  }
}

const invalid = (problems: readonly Problem[], code: ErrorCode = 'FW_CONFIG_INVALID'): ForewarmError =>
  new ForewarmError(code, [...new Set(problems)].join('\n'))

function faultOf(assignment: Assignment): readonly Problem[] {
  const { path, node, value, where } = assignment
  if (Value.Check(node as object, value)) return ownFaults(assignment)
  const shown = node.secret === true ? '' : `, not ${JSON.stringify(value) ?? 'an alias'}`
  return [`${where}: ${path.join('.')} must be ${expectation(node)}${shown}`]
}

/** What the setting's own check says, of each item where it is a list. */
function ownFaults({ path, node: { fault }, value, where, items }: Assignment): readonly Problem[] {
  if (fault === undefined || value === null) return []
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.flatMap((one, index) => {
    const wrong = fault(one)
    return wrong === null ? [] : [`${items?.[index] ?? where}: ${path.join('.')}: ${JSON.stringify(one)} ${wrong}`]
  })
}

/** The value of a node: the last that was said, else the default; sections are frozen objects, named groups Maps. */
function build(node: SchemaNode, said: Said, path: readonly string[]): unknown {
  const kind = kindOf(node)
  const below = said.assignments.filter((one) => path.every((key, depth) => one.path[depth] === key))
  const narrowed: Said = { assignments: below, problems: [] }
  if (kind.kind === 'setting') return settingValue(node, below, { path, parent: placeOf(said, path.slice(0, -1)) })
  if (kind.kind === 'named') {
    const names = new Set(below.flatMap((one) => one.path.slice(path.length, path.length + 1)))
    return new Map([...names].map((name) => [name, build(kind.member, narrowed, [...path, name])]))
  }
  if (kind.kind === 'list') {
    const indexes = new Set(below.flatMap((one) => one.path.slice(path.length, path.length + 1)))
    return Object.freeze([...indexes].map((index) => build(kind.member, narrowed, [...path, index])))
  }
  const members = [...kind.members].map(([key, member]) => [key, build(member, narrowed, [...path, key])] as const)
  return Object.freeze(Object.fromEntries(members))
}

/** Where a member of a group or list was said, as a beginning for messages. */
function placeOf({ assignments }: Said, path: readonly string[]): string {
  const found = assignments.find((one) => one.path.join('\0') === path.join('\0'))
  return found === undefined ? '' : `${found.where}: `
}

type At = { readonly path: readonly string[]; readonly parent: string }

function settingValue(node: SchemaNode, said: readonly Assignment[], { path, parent }: At): unknown {
  const last = said.at(-1)
  const value = last === undefined ? node.default : last.value
  if (value === undefined) throw new Missing(`${parent}${path.join('.')} is missing: it must be ${expectation(node)}`)
  return Array.isArray(value) ? Object.freeze([...value]) : value
}
