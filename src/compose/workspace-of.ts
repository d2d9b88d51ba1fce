/** The workspace that somebody means on the command line: a name of the settings, or a folder. */
import { existsSync, realpathSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { settingsFrom } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import { ForewarmError } from '../ports/errors.ts'
import { findUp } from './up-lock.ts'

export type ChosenWorkspace = {
  readonly workspace: string
  /** The folder with its files, where it has one on this machine. */
  readonly folder: string | null
  /** The settings, with the folder as a workspace where they have none of it. */
  readonly settings: Settings
}

/**
 * `given` is a configured name, else a folder; without it the nearest folder above the current one with `.git`, else the
 * current one. A folder that is the origin of a configured workspace means that workspace; any other is a workspace of an
 * embedded deployment for the time of the command, named as the folder. Throws FW_CONFIG_INVALID.
 */
export function chooseWorkspace(settings: Settings, given: string | undefined, current: string): ChosenWorkspace {
  const configured = given === undefined ? undefined : settings.workspaces.get(given)
  if (given !== undefined && configured !== undefined) {
    return { workspace: given, folder: folderOf(configured), settings }
  }
  const folder = given === undefined ? workspaceRoot(current) : existingFolder(settings, given, current)
  const workspace = workspaceAtFolder(settings, folder)
  return workspace === null ? unconfigured(settings, folder) : { workspace, folder, settings }
}

/**
 * The name of the workspace to look into: as given, whether or not it is (still) configured, else that of the current
 * folder. Throws FW_CONFIG_INVALID where the folder is none.
 */
export const workspaceNamed = (settings: Settings, given: string | undefined, current: string): string =>
  given ?? chooseWorkspace(settings, undefined, current).workspace

/** For what looks into models alone: as `chooseWorkspace`, but any other name is that of a workspace learned by others. */
export function workspaceLearned(
  settings: Settings,
  given: string | undefined,
  current: string,
): Pick<ChosenWorkspace, 'workspace' | 'settings'> {
  const isName = given !== undefined && !isFolder(resolve(current, given))
  return isName ? { workspace: given, settings } : chooseWorkspace(settings, given, current)
}

export const isFolder = (path: string): boolean => statOf(path)?.isDirectory() === true

/** What the machine tells of a path; null where it tells nothing, also because no path can be such. */
export function statOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null
  }
}

/** The configured workspace whose files are in this folder, or null. */
export function workspaceAtFolder({ workspaces }: Settings, folder: string): string | null {
  for (const [workspace, one] of workspaces) {
    const origin = folderOf(one)
    if (origin !== null && realPath(origin) === realPath(folder)) return workspace
  }
  return null
}

function unconfigured(settings: Settings, folder: string): ChosenWorkspace {
  const workspace = basename(folder)
  const mend = 'name it in the settings (workspaces), or give the name of a workspace'
  const refuse = (why: string) =>
    new ForewarmError('FW_CONFIG_INVALID', `${folder} is no configured workspace${why}: ${mend}`)
  if (settings.mode === 'distributed' || workspace === '') throw refuse('')
  if (settings.workspaces.has(workspace)) throw refuse(`, and ${workspace} is another one`)
  const holder = findUp(settings.embedded.file)
  if (holder !== null && !holder.workspaces.includes(workspace)) {
    throw refuse(`, and process ${holder.pid}, which works on ${settings.embedded.file} now, does not know it`)
  }
  return { workspace, folder, settings: withFolder(settings, folder) }
}

/** The settings with a folder as one workspace more, named as it. */
function withFolder(settings: Settings, folder: string): Settings {
  return { ...settings, workspaces: new Map([...settings.workspaces, [basename(folder), workspaceAt(folder)]]) }
}

/**
 * For `forewarm up`: where an embedded deployment has no workspace, the checkout that the current folder lies in becomes
 * one. A folder outside of any checkout does not: it may be a whole home.
 */
export function withOwnCheckout(settings: Settings, current: string): Settings {
  if (settings.mode === 'distributed' || settings.workspaces.size > 0) return settings
  const folder = workspaceRoot(current)
  return existsSync(join(folder, '.git')) ? withFolder(settings, folder) : settings
}

type Workspace = Settings['workspaces'] extends ReadonlyMap<string, infer One> ? One : never

/** A workspace with its defaults. */
function workspaceAt(directory: string): Workspace {
  const text = JSON.stringify({ workspaces: { one: { origin: { directory } } } })
  const [workspace] = settingsFrom({ file: { name: directory, text } }).workspaces.values()
  if (workspace === undefined) throw new Error('a workspace that was set is not there')
  return workspace
}

function folderOf({ origin }: Workspace): string | null {
  const folder = origin.directory ?? origin.git.repository
  return folder === null ? null : resolve(folder)
}

function existingFolder({ workspaces }: Settings, given: string, current: string): string {
  const folder = resolve(current, given)
  if (isFolder(folder)) return folder
  const known = workspaces.size === 0 ? '' : `; configured are ${[...workspaces.keys()].join(', ')}`
  throw new ForewarmError('FW_CONFIG_INVALID', `${given} is neither a configured workspace nor a folder${known}`)
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/** The nearest folder above with `.git`, else the folder itself. */
export function workspaceRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return folder
  }
}
