/** Strategies as a program states them: the manual's fields, each with the manual's default. */
import { ForewarmError } from '../../ports/errors.ts'
import { readSelector } from '../../warming/strategy/selector.ts'
import {
  completeStrategy,
  NO_FIELDS,
  STRATEGY_BOUNDS,
  type Strategy,
  type StrategyFields,
} from '../../warming/strategy/strategy.ts'

/** `priorityFiles` are globs, plain paths, or the other selectors of docs/strategies.md, the most important first. */
export type WarmingStrategy = { readonly name: string } & Partial<
  Omit<Strategy, 'name' | 'priorityFiles'> & { readonly priorityFiles: readonly string[] }
>

/** Throws FW_STRATEGY_INVALID that names the field. */
export function strategyFrom({ name, priorityFiles, ...stated }: WarmingStrategy): Strategy {
  const selectors = priorityFiles === undefined ? null : priorityFiles.map((text) => selectorFrom(name, text))
  const fields: StrategyFields = { ...NO_FIELDS, ...stated, priorityFiles: selectors }
  for (const [field, { minimum, maximum }] of Object.entries(STRATEGY_BOUNDS)) {
    const value = fields[field as keyof typeof STRATEGY_BOUNDS]
    if (value !== null && !(value >= minimum && value <= maximum)) {
      throw invalid(name, `${field} is ${value}: it takes ${minimum} to ${maximum}`)
    }
  }
  return completeStrategy(name, [fields])
}

function selectorFrom(name: string, text: string) {
  const read = readSelector(text)
  if ('problem' in read) throw invalid(name, `priorityFiles: ${JSON.stringify(text)} ${read.problem}`)
  return read
}

const invalid = (name: string, problem: string): ForewarmError =>
  new ForewarmError('FW_STRATEGY_INVALID', `strategy ${JSON.stringify(name)}: ${problem}`)
