/** The import graphs of a process: of the workspaces that the settings name, or of a folder without any settings. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { createMemoryNotes } from '../adapters/memory/notes.ts'
import { createDirectoryOrigin } from '../adapters/origins/directory.ts'
import { openDatabase } from '../adapters/sqlite/database.ts'
import { createSqliteNotes } from '../adapters/sqlite/notes.ts'
import { createSystemClock } from '../adapters/system/clock.ts'
import { ensureFolder } from '../adapters/system/ensure-folder.ts'
import { userCacheFolder } from '../config/user-cache.ts'
import { ImportGraphs } from '../flows/graph/graph.ts'
import type { Clock } from '../ports/clock.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { Language } from '../ports/language.ts'
import type { NoteStore } from '../ports/notes.ts'
import type { Origin } from '../ports/origin.ts'
import type { Parser } from '../ports/parser.ts'
import { loadLanguages, openParser } from './languages.ts'

export type OpenedGraphs = {
  readonly graphs: ImportGraphs
  readonly languages: readonly Language[]
  readonly parser: Parser
  /** Ends the threads that parse. */
  close(): Promise<void>
}

/** Starts no thread yet: that is done when there is much to parse. */
export async function openGraphs(notes: NoteStore, clock: Pick<Clock, 'sleep'>): Promise<OpenedGraphs> {
  const parser = await openParser()
  const languages = await loadLanguages()
  return { graphs: new ImportGraphs({ languages, parser, notes, clock }), languages, parser, close: parser.close }
}

export type FolderGraphs = Pick<OpenedGraphs, 'graphs' | 'close'> & {
  /** The folder under its own name: what is known of it is kept apart from other folders. */
  readonly workspace: string
  readonly origin: Origin
}

/** Graphs of one folder; what was parsed is kept in the user's cache folder, or nowhere when that cannot be written. */
export async function openFolderGraphs(folder: string): Promise<FolderGraphs> {
  const root = realFolder(folder)
  const { notes, close: closeNotes } = userNotes()
  const { graphs, close } = await openGraphs(notes, createSystemClock())
  const origin = createDirectoryOrigin(root)
  const closeAll = async (): Promise<void> => {
    await Promise.all([close(), origin.close()])
    closeNotes()
  }
  return { graphs, workspace: root, origin, close: closeAll }
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch (cause) {
    throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', `there is no folder ${folder}: name an existing one`, { cause })
  }
}

function userNotes(): { readonly notes: NoteStore; close(): void } {
  const folder = userCacheFolder()
  try {
    ensureFolder(folder)
    const database = openDatabase(join(folder, 'imports.sqlite'))
    return { notes: createSqliteNotes(database), close: () => database.close() }
  } catch {
    // A cache only saves time: on a read-only machine everything is parsed each time.
    return { notes: createMemoryNotes(), close: () => {} }
  }
}
