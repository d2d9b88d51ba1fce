/** Strategies by name: those of the settings, those of a strategy file, the presets and `default`. */
import { readFileSync } from 'node:fs'
import { ForewarmError } from '../ports/errors.ts'
import { BUILT_IN_STRATEGIES, builtInFields, isBuiltIn } from '../warming/strategy/presets.ts'
import type { FileSelector } from '../warming/strategy/run-spec.ts'
import { readSelector } from '../warming/strategy/selector.ts'
import { completeStrategy, NO_FIELDS, type Strategy, type StrategyFields } from '../warming/strategy/strategy.ts'
import { nearest } from './assignment.ts'
import { valuesFrom } from './load.ts'
import type { Settings } from './schema.ts'
import { nodeOf } from './schema-node.ts'
import { strategyFileSchema } from './schema-strategies.ts'
import { readYaml } from './source-yaml.ts'

export type StrategySettings = Settings['strategies']

/** When a strategy runs by itself in a workspace. */
export type Schedule = {
  readonly workspace: string
  readonly strategy: string
  readonly cron: string
  readonly timeZone: string
}

/** Finds a strategy by its name, with what is stated for this once; null where there is none of that name. */
export type FindStrategy = (name: string, stated?: StrategyFields) => Strategy | null

/** Strategies of the settings, else built-in ones. `cpus` are those of this machine, for the workers of `ci`. */
export function strategyOf({ strategies }: Pick<Settings, 'strategies'>, cpus: number): FindStrategy {
  return (name, stated = NO_FIELDS) => {
    const own = strategies.get(name)
    if (own === undefined && !isBuiltIn(name)) return null
    const base = own?.preset ?? (isBuiltIn(name) ? name : null)
    return completeStrategy(name, [
      stated,
      ...(own === undefined ? [] : [fieldsOf(own)]),
      ...(base === null ? [] : [builtInFields(base, cpus)]),
    ])
  }
}

/** The strategy of a name. Throws FW_STRATEGY_INVALID that names the nearest there is. */
export function needStrategy(settings: Pick<Settings, 'strategies'>, name: string, cpus: number): Strategy {
  const found = strategyOf(settings, cpus)(name)
  if (found === null) throw unknownStrategy(settings, name)
  return found
}

/** FW_STRATEGY_INVALID that names the nearest there is. */
export function unknownStrategy({ strategies }: Pick<Settings, 'strategies'>, name: string): ForewarmError {
  const known = [...new Set([...strategies.keys(), ...BUILT_IN_STRATEGIES])]
  return invalid(`there is no strategy ${JSON.stringify(name)}${nearest(name, known)}`)
}

/** Strategies of a file. Throws FW_STRATEGY_INVALID that lists everything that is wrong with place and field. */
export function strategiesFromYaml(text: string, file: string): StrategySettings {
  const schema = nodeOf(strategyFileSchema)
  const { strategies } = valuesFrom(schema, readYaml(text, file, schema), 'FW_STRATEGY_INVALID') as {
    readonly strategies: StrategySettings
  }
  if (strategies.size === 0) throw invalid(`${file}: holds no strategies: name them below \`strategies:\``)
  return strategies
}

/** Reads strategies from a YAML file. Throws FW_STRATEGY_INVALID when it cannot be read or says something wrong. */
export function readStrategyFile(file: string): StrategySettings {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ForewarmError('FW_STRATEGY_INVALID', `cannot read the strategy file ${file}`, { cause })
  }
  return strategiesFromYaml(text, file)
}

/** All schedules: those of each workspace, and those of strategies, which mean every workspace. */
export const schedulesOf = ({ workspaces, strategies }: Settings): readonly Schedule[] =>
  [...workspaces].flatMap(([workspace, { schedule }]) => [
    ...schedule.map((one) => ({ ...one, workspace })),
    ...[...strategies].flatMap(([strategy, own]) => own.schedule.map((one) => ({ ...one, workspace, strategy }))),
  ])

type OneStrategy = StrategySettings extends ReadonlyMap<string, infer One> ? One : never

function fieldsOf({ preset: _, schedule: __, priorityFiles, ...fields }: OneStrategy): StrategyFields {
  return { ...fields, priorityFiles: priorityFiles === null ? null : selectorsOf(priorityFiles) }
}

/** Selectors from their texts. Throws FW_STRATEGY_INVALID on the first that is none. */
const selectorsOf = (texts: readonly string[]): readonly FileSelector[] =>
  texts.map((text) => {
    const read = readSelector(text)
    if ('problem' in read) throw invalid(`priorityFiles: ${JSON.stringify(text)} ${read.problem}`)
    return read
  })

const invalid = (message: string) => new ForewarmError('FW_STRATEGY_INVALID', message)
