/** What the arguments of `forewarm warm` mean: a strategy, and what one run of it does otherwise. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { isFolder, statOf } from '../../compose/workspace-of.ts'
import type { Settings } from '../../config/schema.ts'
import { needStrategy, readStrategyFile } from '../../config/strategies.ts'
import { ForewarmError } from '../../ports/errors.ts'
import { isGlob, literalGlob } from '../../warming/glob.ts'
import type { FileSelector } from '../../warming/strategy/run-spec.ts'
import { readSelector } from '../../warming/strategy/selector.ts'
import type { Strategy } from '../../warming/strategy/strategy.ts'
import { NO_WISH, type RunWish } from '../../warming/strategy/to-run-spec.ts'
import { wirePathProblem } from '../../wire/path.ts'

export type WarmArguments = {
  /** A strategy's name, or a file of strategies, `FILE#NAME` for one of several. */
  readonly strategy: string | undefined
  readonly changedSince: string | undefined
  readonly timeoutMs: number | undefined
  readonly check: boolean
  readonly paths: readonly string[]
}

/** Files that one request may name; the same as the wire's. */
const PATHS_MAX = 10_000

const STRATEGY_FILE = /^(.+\.(?:ya?ml|json))(?:#(.+))?$/i

/**
 * The strategy that is meant. Without a name: `ci` for changed files, the files alone where some are named, else
 * `default`.
 */
export function strategyFor({ strategy, changedSince, paths, timeoutMs }: WarmArguments, settings: Settings): Strategy {
  const name = strategy ?? (changedSince !== undefined ? 'ci' : paths.length > 0 ? 'paths' : 'default')
  const found = find(name, settings)
  return timeoutMs === undefined ? found : { ...found, timeLimitMs: timeoutMs }
}

function find(name: string, settings: Settings): Strategy {
  const cpus = availableParallelism()
  const [, file, wanted] = STRATEGY_FILE.exec(name) ?? []
  if (file === undefined || settings.strategies.has(name)) return needStrategy(settings, name, cpus)
  const strategies = readStrategyFile(file)
  const [only] = strategies.keys()
  if (wanted === undefined && strategies.size > 1) {
    const known = [...strategies.keys()].join(', ')
    throw new ForewarmError(
      'FW_STRATEGY_INVALID',
      `${file} holds several strategies: name one as ${file}#NAME (${known})`,
    )
  }
  return needStrategy({ strategies }, wanted ?? only ?? '', cpus)
}

/** What the run begins with, in place of the strategy's own priority files where something is named. */
export function wishFor({ paths, changedSince, check }: WarmArguments, folder: string | null): RunWish {
  const named = paths.flatMap((path) => (path.startsWith('@') ? listed(path.slice(1)) : [argument(path, folder)]))
  const read = named.map((path) => readPath(path, folder))
  const files = read.filter((one) => typeof one === 'string')
  if (files.length > PATHS_MAX) {
    const mend = 'put the list into the workspace and name it as list:FILE, or name folders and globs'
    throw new ForewarmError(
      'FW_REQUEST_INVALID',
      `${files.length} files are named, a request takes ${PATHS_MAX}: ${mend}`,
    )
  }
  const changed: readonly FileSelector[] =
    changedSince === undefined ? [] : [{ kind: 'changed', value: changedSince, count: 0 }]
  return { ...NO_WISH, paths: files, selectors: [...changed, ...read.filter((one) => typeof one !== 'string')], check }
}

/** A file's name, or a selector: a glob, a folder with a slash at its end, or one of the other kinds. */
function readPath(text: string, folder: string | null): string | FileSelector {
  if (text.trim() === '') throw refused(text, 'names no file: `.` is the whole workspace')
  const path = inWorkspace(text, folder)
  if (folder !== null && isFile(join(folder, path))) return fileNamed(path, text)
  if (path.endsWith('/') || (folder !== null && isFolder(join(folder, path))))
    return belowFolder(path.replace(/\/+$/, ''))
  const selector = readSelector(path)
  if ('problem' in selector) throw refused(text, selector.problem)
  return selector.kind === 'glob' && !isGlob(path) ? fileNamed(path, text) : selector
}

/** A path as requests carry it. */
function fileNamed(path: string, text: string): string {
  const problem = wirePathProblem(path)
  if (problem !== null) throw refused(text, problem)
  return path
}

/** An argument, unless it names a file as the current folder, below that of the workspace, has it: lists come from tools. */
function argument(text: string, folder: string | null): string {
  if (folder === null || existsSync(join(folder, text)) || !isFile(resolve(text))) return text
  const path = relative(realpathSync(folder), realpathSync(text))
  if (isAbsolute(text) || path.startsWith('..')) return text
  throw refused(text, `is ${JSON.stringify(path)} in the workspace: name it so`)
}

const refused = (text: string, problem: string): ForewarmError =>
  new ForewarmError('FW_REQUEST_INVALID', `${JSON.stringify(text)} ${problem}`)

const belowFolder = (path: string): FileSelector => ({
  kind: 'glob',
  value: path === '' || path === '.' ? '**' : `${literalGlob(path)}/**`,
  count: 0,
})

/** Relative to the workspace: as given, or what is left of an absolute path; without what says nothing (`./`, `//`). */
function inWorkspace(text: string, folder: string | null): string {
  const path = folder !== null && isAbsolute(text) ? belowRoot(text, folder) : text
  return path.replace(/\/{2,}/g, '/').replace(/(?<=^|\/)(?:\.\/)+/g, '') || '.'
}

/** What is left of an absolute path, by either name of a workspace that is reached over a link. */
function belowRoot(text: string, folder: string): string {
  const left = [folder, realpathSync(folder)].map((root) => relative(root, text)).find((path) => !path.startsWith('..'))
  if (left === undefined) throw refused(text, `lies outside of ${folder}`)
  return left + (text.endsWith('/') ? '/' : '')
}

const isFile = (path: string): boolean => statOf(path)?.isFile() === true

/** Names in a file of the machine that asks, one a line; empty lines are passed over. */
function listed(file: string): readonly string[] {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
  } catch (cause) {
    throw new ForewarmError('FW_REQUEST_INVALID', `cannot read the list of files ${file}`, { cause })
  }
}
