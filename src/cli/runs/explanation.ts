/** What is known of a file, in words, with the reason on top. */
import type { AtOrigin, Explanation, InCommand, InRun } from '../../flows/explain.ts'
import { pauseText } from '../pause-commands.ts'
import { printable } from '../printable.ts'
import { bytes, counted, percent, seconds } from './figures.ts'

/** Neighbours and hours that are named. */
const NAMED_MAX = 5

export function explanationText(explanation: Explanation, nowMs: number): string {
  const { workspace, path, pauses, pressure } = explanation
  const lines = [
    `${printable(path)} in ${printable(workspace)}: ${verdictOf(explanation)}`,
    `  origin    ${originText(explanation.origin)}`,
    ...cacheLines(explanation),
    ...learnedLines(explanation, nowMs),
    ...explanation.runs.flatMap(runLines),
    ...explanation.commands.map((command) => `  outcome   ${commandText(command)}`),
    `  pressure  ${pressure.pressure.toFixed(2)} of the whole cache`,
    ...pauses.map((pause) => `  paused    ${pauseText(pause)}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** The most telling reason, in one sentence. */
export function verdictOf({ origin, cache, pauses, learned, runs, commands }: Explanation): string {
  const there = cache.filter(({ isThere }) => isThere).map(({ layer }) => layer)
  if (there.length > 0) return `it is in the cache (${there.join(', ')})${broughtBy(commands)}`
  if (origin.state === 'noWorkspace') return 'the settings know no such workspace, so nothing of it can be warmed'
  if (origin.state === 'missing') return 'the origin has no such file'
  if (origin.state === 'denied') return `the origin refuses it (${printable(origin.detail)})`
  if (origin.state === 'tooLarge') return `it is larger than cache.valueBytesMax (${origin.detail})`
  if (pauses.length > 0) return 'warming is paused'
  const [last] = commands
  if (last !== undefined) return `not in the cache; a worker's last word: ${outcomeText(last)}`
  const [run] = runs
  if (run !== undefined) return `not in the cache; the last run that planned it is ${run.state}`
  if (learned === null) return 'not in the cache: nobody was seen reading it, and no run of late has named it'
  return 'not in the cache: its reads are known, but no prediction was likely enough, and no run of late has named it'
}

const broughtBy = (commands: readonly InCommand[]): string => {
  const last = commands.find(
    ({ mode, outcome }) => mode === 'warm' && (outcome === 'warmed' || outcome === 'refreshed'),
  )
  return last === undefined ? '' : `, warmed for ${printable(last.reason)}`
}

function originText(origin: AtOrigin): string {
  if (origin.state === 'there')
    return `version ${origin.version}${origin.bytes === null ? '' : `, ${bytes(origin.bytes)}`}`
  return 'detail' in origin ? `${origin.state} (${printable(origin.detail)})` : origin.state
}

function cacheLines({ cache, pointer }: Explanation): readonly string[] {
  const layers = cache.map(({ layer, isThere }) => `  cache     ${layer}: ${isThere ? 'there' : 'not there'}`)
  return pointer === null ? layers : [...layers, `  pointer   changes point to version ${pointer}`]
}

function learnedLines({ learned, imports }: Explanation, nowMs: number): readonly string[] {
  const { importedBy, imports: imported } = imports ?? { importedBy: [], imports: [] }
  const graph = [
    ...(importedBy.length === 0 ? [] : [`  importers ${namesOf(importedBy)}`]),
    ...(imported.length === 0 ? [] : [`  imports   ${namesOf(imported)}`]),
  ]
  if (learned === null) return ['  learned   nothing: no read of it was published', ...graph]
  const { frequency, lastAccessMs, coAccess, successors, hoursOfDay } = learned
  const ago = seconds(Math.max(0, nowMs - lastAccessMs))
  const hours = [...hoursOfDay].sort(([, left], [, right]) => right - left).slice(0, NAMED_MAX)
  const neighbours = (all: readonly { readonly path: string; readonly count: number }[]) =>
    all
      .slice(0, NAMED_MAX)
      .map(({ path, count: times }) => `${printable(path)} (${times})`)
      .join(', ')
  return [
    `  learned   read ${counted(frequency, 'time')}, the last time ${ago} ago`,
    ...(coAccess.length === 0 ? [] : [`  together  ${neighbours(coAccess)}`]),
    ...(successors.length === 0 ? [] : [`  then      ${neighbours(successors)}`]),
    ...(hours.length === 0
      ? []
      : [`  hours     ${hours.map(([hour, times]) => `${hour}:00 (${times})`).join(', ')} UTC`]),
    ...graph,
  ]
}

function namesOf(paths: readonly string[]): string {
  const rest = paths.length - NAMED_MAX
  return `${paths.slice(0, NAMED_MAX).map(printable).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

const runLines = ({ id, strategy, state, requestedAtMs, files }: InRun): readonly string[] =>
  files.map(
    ({ layer, reason, outcome, detail, verified }) =>
      `  run       ${new Date(requestedAtMs).toISOString()} ${printable(strategy)} (${state}): ${printable(reason)} [${printable(layer)}]: ${outcome}${detail === '' ? '' : ` (${printable(detail)})`}${verified ? ', verified' : ''}  ${printable(id)}`,
  )

const outcomeText = ({ mode, outcome, detail, reason }: InCommand): string =>
  `${mode === 'check' ? 'looked for, ' : ''}${outcome}${detail === '' ? '' : ` (${printable(detail)})`}, for ${printable(reason)}`

function commandText(command: InCommand): string {
  const { finishedAtMs, probability, layer, pressure, worker } = command
  const likely = probability === 1 ? '' : `, ${percent(probability)} likely`
  return `${new Date(finishedAtMs).toISOString()} [${printable(layer)}] ${outcomeText(command)}${likely}, pressure ${pressure.toFixed(2)}, by ${printable(worker)}`
}
