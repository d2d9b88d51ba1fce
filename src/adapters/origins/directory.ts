import type { Stats } from 'node:fs'
import { type FileHandle, lstat, readdir, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ForewarmError } from '../../ports/errors.ts'
import type { Origin, OriginEntry, OriginRead } from '../../ports/origin.ts'
import { isOffLimits, pathDenial } from '../../warming/path.ts'
import { blobId } from './blob-id.ts'
import { changesInWorkTree, ignoredInWorkTree } from './git/work-tree.ts'
import { openInside, type Refusal } from './jail.ts'
import { isSettled, KnownVersions, signatureOf, type VersionNotes } from './known-versions.ts'
import { unavailable } from './unavailable.ts'

/** Files of a folder whose state is asked for side by side. */
const STATS_AT_ONCE = 64

/** Folders listed side by side: what each takes is mostly waiting for one small answer after the other. */
const FOLDERS_AT_ONCE = 16

/** Bytes read at a time; between two reads the caller's signal is obeyed. */
const CHUNK_BYTES = 1 << 20

export type DirectoryOptions = {
  readonly searchPath?: string | undefined
  /** Where versions are noted, so that the next process need not read files again that rest. */
  readonly notes?: VersionNotes
}

/**
 * The files of one folder, e.g. a checked-out repository. Needs /proc (Linux). The root may itself be a symbolic link;
 * it is resolved at each read, so a deployment may re-point it.
 */
export function createDirectoryOrigin(root: string, { searchPath, notes }: DirectoryOptions = {}): Origin {
  const versions = new KnownVersions(notes ?? null)
  const origin: Origin = {
    read: async (path, limits) => {
      limits.signal.throwIfAborted()
      return inJail(root, path, (handle) => readWhole({ handle, path, limits, versions }))
    },
    version: async (path, signal) => {
      signal.throwIfAborted()
      const known = await inJail(root, path, async (handle) => versions.get(path, await handle.stat()))
      return typeof known === 'string' ? known : null
    },
    list: (signal) => listFiles(root, signal),
    changedSince: async (ref, signal) => {
      signal.throwIfAborted()
      const folder = await whenReachable(root, () => realpath(root))
      return changesInWorkTree({ folder, searchPath }, ref, signal)
    },
    ignored: async (signal) => {
      signal.throwIfAborted()
      return ignoredInWorkTree({ folder: await whenReachable(root, () => realpath(root)), searchPath }, signal)
    },
    // Files of a folder can change between any two looks, so no commit can be promised for a read.
    revision: async () => null,
    at: () => origin,
    close: () => versions.close(),
  }
  return origin
}

type Limits = Parameters<Origin['read']>[1]

/** Opens the file inside the jail, lends its descriptor to `work`, closes it. */
function inJail<Result>(
  root: string,
  path: string,
  work: (handle: FileHandle) => Promise<Result>,
): Promise<Result | Refusal> {
  const denial = pathDenial(path)
  if (denial !== null) return Promise.resolve({ outcome: 'denied', detail: denial })
  return whenReachable(root, async () => {
    const opened = await openInside(await realpath(root), path)
    if ('refusal' in opened) return opened.refusal
    try {
      return await work(opened.handle)
    } finally {
      await opened.handle.close()
    }
  })
}

type Reading = {
  readonly handle: FileHandle
  readonly path: string
  readonly limits: Limits
  readonly versions: KnownVersions
}

/** Reads the descriptor from start to end, and refuses what was written to meanwhile: its bytes may be torn. */
async function readWhole({ handle, path, limits, versions }: Reading): Promise<OriginRead> {
  const before = await handle.stat()
  if (!before.isFile()) return { outcome: 'denied', detail: 'kind' }
  if (before.size > limits.bytesMax) return { outcome: 'tooLarge', bytes: before.size }
  const bytes = await readBytes(handle, before.size, limits.signal)
  const after = await handle.stat()
  if (bytes === null || signatureOf(before) !== signatureOf(after))
    throw unavailable(`${path} changes while it is read`)
  const version = blobId(bytes)
  versions.keep(path, after, version)
  return { outcome: 'read', file: { bytes, version } }
}

/** Exactly `size` bytes, or null when the file ends elsewhere. */
async function readBytes(handle: FileHandle, size: number, signal: AbortSignal): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; ) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK_BYTES, size - at), at)
    if (bytesRead === 0) return null
    at += bytesRead
  }
  return bytes
}

/** Walks without following links: each folder is opened inside the jail and listed through its descriptor. */
async function* listFiles(root: string, signal: AbortSignal): AsyncIterable<OriginEntry> {
  const realRoot = await whenReachable(root, () => realpath(root))
  const folders = ['']
  while (folders.length > 0) {
    signal.throwIfAborted()
    const prefixes = folders.splice(-FOLDERS_AT_ONCE).map((folder) => (folder === '' ? '' : `${folder}/`))
    const listings = prefixes.map((prefix) => whenReachable(root, () => entriesOf(realRoot, prefix)))
    for (const [at, listed] of (await Promise.all(listings)).entries()) {
      for (const { name, isFolder, stats } of listed) {
        const path = `${prefixes[at]}${name}`
        if (isFolder) folders.push(path)
        if (stats?.isFile() === true) yield entryOf(path, stats)
      }
    }
  }
}

/** A file that has not rested yet has no signature: it could change again and keep it. */
const entryOf = (path: string, stats: Stats): OriginEntry => ({
  path,
  version: null,
  signature: isSettled(stats) ? signatureOf(stats) : null,
  bytes: stats.size,
})

type Listed = { readonly name: string; readonly isFolder: boolean; readonly stats: Stats | null }

/** What is in a folder: its files with what the system says of them now, asked through the folder's own descriptor. */
async function entriesOf(realRoot: string, prefix: string): Promise<readonly Listed[]> {
  const opened = await openInside(realRoot, `${prefix}.`)
  if ('refusal' in opened) return []
  try {
    if (opened.realPath !== resolve(realRoot, prefix)) return []
    const folder = `/proc/self/fd/${opened.handle.fd}`
    const entries = await readdir(folder, { withFileTypes: true })
    const shown = entries.filter((entry) => !isOffLimits(entry.name) && (entry.isDirectory() || entry.isFile()))
    const listed: Listed[] = []
    for (let at = 0; at < shown.length; at += STATS_AT_ONCE) {
      const some = shown.slice(at, at + STATS_AT_ONCE).map(async (entry) => ({
        name: entry.name,
        isFolder: entry.isDirectory(),
        stats: entry.isFile() ? await lstat(`${folder}/${entry.name}`).catch(() => null) : null,
      }))
      listed.push(...(await Promise.all(some)))
    }
    return listed
  } finally {
    await opened.handle.close()
  }
}

/** Turns faults of the machine into the project's error; what it knows already, and aborts, pass unchanged. */
async function whenReachable<Result>(root: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof ForewarmError || !(cause instanceof Error && 'syscall' in cause)) throw cause
    throw unavailable(`cannot read below ${root} (${cause.message}); check that it is mounted and readable`, cause)
  }
}
