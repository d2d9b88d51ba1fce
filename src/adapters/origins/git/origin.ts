import { isUtf8 } from 'node:buffer'
import { ForewarmError, messageOf } from '../../../ports/errors.ts'
import type { Origin, OriginEntry, OriginRead } from '../../../ports/origin.ts'
import { pathDenial } from '../../../warming/path.ts'
import { noHistory, unavailable } from '../unavailable.ts'
import { Repository, type RepositoryOptions } from './repository.ts'
import { GitFailure, gitRecords, isObjectId } from './run.ts'
import type { TreeEntry } from './tree.ts'

export type GitOriginOptions = RepositoryOptions & {
  /** Branch, tag or commit that is read. A branch is followed: a read after it has moved gives its new files. */
  readonly revision: string
}

/** How old the answer to which commit a branch names may be, milliseconds. */
const REF_FRESH_MS = 1_000

/**
 * The files of a git repository at a commit, out of its objects: no work tree is read and none is needed. Versions are
 * the ids of the blobs. Links and submodules are denied; a file of Git LFS is its pointer.
 */
export function createGitOrigin(options: GitOriginOptions): Origin {
  const repository = new Repository(options)
  return view(repository, { revision: options.revision, where: options.repository, given: false })
}

type Place = {
  readonly revision: string
  readonly where: string
  /** Whether the revision came with a request: that it is unknown is then no fault of the origin. */
  readonly given: boolean
}

function view(repository: Repository, place: Place): Origin {
  const commitNow = followRef(repository, place.revision)
  /** The commit to read from; null for a revision that came with a request and is unknown. */
  const commitOf = async (signal: AbortSignal): Promise<string | null> => {
    const commit = await commitNow(signal)
    if (commit === null && !place.given) throw unavailable(unknownRevision(place))
    return commit
  }
  const commitToList = async (signal: AbortSignal): Promise<string> => {
    const commit = await commitOf(signal)
    if (commit === null) throw noHistory(unknownRevision(place))
    return commit
  }
  const entryOf = async (path: string, signal: AbortSignal): Promise<TreeEntry | null> => {
    const commit = await commitOf(signal)
    return commit === null ? null : repository.entry(commit, path, signal)
  }
  const origin: Origin = {
    read: async (path, limits) => {
      limits.signal.throwIfAborted()
      const denial = pathDenial(path)
      if (denial !== null) return { outcome: 'denied', detail: denial }
      return readEntry(repository, await entryOf(path, limits.signal), limits)
    },
    version: async (path, signal) => {
      signal.throwIfAborted()
      if (pathDenial(path) !== null) return null
      const entry = await entryOf(path, signal)
      return entry?.kind === 'file' ? entry.id : null
    },
    list: async function* (signal) {
      yield* listCommit(repository, await commitToList(signal), signal)
    },
    changedSince: async (ref, signal) => {
      const [base, head] = [await repository.commit(ref, signal), await commitToList(signal)]
      if (base === null) throw noHistory(unknownRevision({ ...place, revision: ref }))
      return changesBetween(repository, { base, head, signal })
    },
    revision: (signal) => commitOf(signal),
    at: (revision) =>
      revision === null || revision === place.revision ? origin : sharing(repository, { ...place, revision }),
    close: () => repository.close(),
  }
  return origin
}

/** Another revision of the same repository; the git process ends with the origin that it came from. */
const sharing = (repository: Repository, place: Place): Origin => ({
  ...view(repository, { ...place, given: true }),
  close: async () => {},
})

const unknownRevision = ({ revision, where }: Place): string =>
  `${where} knows no revision ${JSON.stringify(revision)}: fetch it (a shallow clone may lack it), or name another`

/** Asks which commit a ref names, at most once in a while; what an id names is asked once. */
function followRef(repository: Repository, revision: string) {
  let known: { readonly commit: string; readonly untilMs: number } | null = null
  return async (signal: AbortSignal): Promise<string | null> => {
    if (known !== null && performance.now() < known.untilMs) return known.commit
    const commit = await repository.commit(revision, signal)
    const lastsMs = isObjectId(revision) ? Number.POSITIVE_INFINITY : REF_FRESH_MS
    known = commit === null ? null : { commit, untilMs: performance.now() + lastsMs }
    return commit
  }
}

async function readEntry(
  repository: Repository,
  entry: TreeEntry | null,
  { bytesMax, signal }: Parameters<Origin['read']>[1],
): Promise<OriginRead> {
  if (entry === null) return { outcome: 'missing' }
  if (entry.kind !== 'file') return { outcome: 'denied', detail: entry.kind === 'folder' ? 'kind' : entry.kind }
  const size = await repository.size(entry.id, signal)
  if (size !== null && size > bytesMax) return { outcome: 'tooLarge', bytes: size }
  const bytes = size === null ? null : await repository.blob(entry.id, signal)
  if (bytes === null) throw unavailable(`the repository lacks the object ${entry.id}: fetch it whole`)
  return { outcome: 'read', file: { bytes, version: entry.id } }
}

async function* listCommit(repository: Repository, commit: string, signal: AbortSignal): AsyncGenerator<OriginEntry> {
  const args = ['ls-tree', '-r', '-z', '--long', '--full-tree', commit]
  try {
    for await (const record of gitRecords(await repository.git(), args, { signal })) {
      const entry = entryOfLine(record)
      if (entry !== null) yield entry
    }
  } catch (cause) {
    throw listingFault(cause)
  }
}

/** `<mode> <type> <id> <size>\t<path>`; null for what is no file, or could not be read by this path. */
function entryOfLine(record: Buffer): OriginEntry | null {
  const tab = record.indexOf(0x09)
  const [, id, size] = /^100\d+ blob ([0-9a-f]+) +(\d+)$/.exec(record.toString('latin1', 0, tab)) ?? []
  const name = record.subarray(tab + 1)
  if (id === undefined || !isUtf8(name)) return null
  const path = name.toString()
  return pathDenial(path) === null ? { path, version: id, signature: id, bytes: Number(size) } : null
}

async function changesBetween(
  repository: Repository,
  { base, head, signal }: { base: string; head: string; signal: AbortSignal },
): Promise<readonly string[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-ext-diff', '--diff-filter=d', base, head]
  const paths: string[] = []
  let isFile = false
  try {
    for await (const record of gitRecords(await repository.git(), args, { signal })) {
      // In turn: `:<old mode> <new mode> <old id> <new id> <kind>`, and its path.
      const modes = /^:\d{6} (\d{6}) [0-9a-f]+ [0-9a-f]+ \w/.exec(record.toString('latin1', 0, 200))
      if (modes !== null && record[0] === 0x3a && !isFile) isFile = modes[1]?.startsWith('100') ?? false
      else {
        if (isFile && isUtf8(record) && pathDenial(record.toString()) === null) paths.push(record.toString())
        isFile = false
      }
    }
  } catch (cause) {
    throw listingFault(cause)
  }
  return paths
}

const listingFault = (cause: unknown): unknown =>
  cause instanceof GitFailure && !(cause instanceof ForewarmError)
    ? unavailable(`the repository cannot be listed (${messageOf(cause)})`, cause)
    : cause
