import type { Stats } from 'node:fs'
import { type FileHandle, readdir, realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ForewarmError } from '../../ports/errors.ts'
import type { Origin, OriginRead } from '../../ports/origin.ts'
import { isVersionControl, pathProblem } from '../../warming/path.ts'
import { blobId } from './blob-id.ts'
import { openInside } from './jail.ts'

/** Bytes read at a time; between two reads the caller's signal is obeyed. */
const CHUNK_BYTES = 1 << 20

/**
 * The files of one folder, e.g. a checked-out repository. Needs /proc (Linux). The root may itself be a symbolic link;
 * it is resolved at each read, so a deployment may re-point it.
 */
export function createDirectoryOrigin(root: string): Origin {
  return {
    read: (path, limits) => whenReachable(root, () => readFile(root, path, limits)),
    list: (signal) => listFiles(root, signal),
  }
}

type Limits = Parameters<Origin['read']>[1]

async function readFile(root: string, path: string, limits: Limits): Promise<OriginRead> {
  const problem = pathProblem(path)
  if (problem !== null) return { outcome: 'denied', detail: problem }
  const realRoot = await realpath(root)
  limits.signal.throwIfAborted()
  const opened = await openInside(realRoot, path)
  if ('refusal' in opened) return opened.refusal
  try {
    return await readWhole(opened.handle, path, limits)
  } finally {
    await opened.handle.close()
  }
}

/** Reads the descriptor from start to end, and refuses what was written to meanwhile: its bytes may be torn. */
async function readWhole(handle: FileHandle, path: string, limits: Limits): Promise<OriginRead> {
  const before = await handle.stat()
  if (!before.isFile()) return { outcome: 'denied', detail: 'kind' }
  if (before.size > limits.bytesMax) return { outcome: 'tooLarge', bytes: before.size }
  const bytes = await readBytes(handle, before.size, limits.signal)
  const after = await handle.stat()
  if (bytes === null || !sameFile(before, after)) throw unavailable(`${path} changes while it is read`)
  return { outcome: 'read', file: { bytes, version: blobId(bytes) } }
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

const sameFile = (one: Stats, other: Stats): boolean =>
  one.ino === other.ino && one.size === other.size && one.mtimeMs === other.mtimeMs && one.ctimeMs === other.ctimeMs

/** Walks without following links: each folder is opened inside the jail and listed through its descriptor. */
async function* listFiles(root: string, signal: AbortSignal): AsyncIterable<string> {
  const realRoot = await whenReachable(root, () => realpath(root))
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    const prefix = folder === '' ? '' : `${folder}/`
    for (const entry of await whenReachable(root, () => entriesOf(realRoot, prefix))) {
      if (isVersionControl(entry.name)) continue
      if (entry.isDirectory()) folders.push(`${prefix}${entry.name}`)
      if (entry.isFile()) yield `${prefix}${entry.name}`
    }
  }
}

async function entriesOf(realRoot: string, prefix: string) {
  const opened = await openInside(realRoot, `${prefix}.`)
  if ('refusal' in opened) return []
  try {
    if (opened.realPath !== resolve(realRoot, prefix)) return []
    return await readdir(`/proc/self/fd/${opened.handle.fd}`, { withFileTypes: true })
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

const unavailable = (message: string, cause?: unknown): ForewarmError =>
  new ForewarmError('FW_ORIGIN_UNAVAILABLE', message, { cause, retriable: true })
