/**
 * Opens files inside a root folder and nowhere else, also while somebody swaps folders for symbolic links.
 *
 * Checking a path and then opening it leaves a gap; so the order is: open, ask the kernel which file the descriptor
 * really is (/proc/self/fd), and only then read, from that descriptor alone. O_NONBLOCK keeps a FIFO from blocking the
 * open; O_NOFOLLOW refuses a link in the last place, which is then resolved and opened anew under the same rules: a
 * link that stays inside the root is served, one that leaves it is denied. Hard links are files like others: the kernel lets
 * nobody make one who may not use the file itself, and package managers, clones and snapshots are made of them.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises'
import type { OriginRead } from '../../ports/origin.ts'
import { isOffLimits } from '../../warming/path.ts'

export type Refusal = Extract<OriginRead, { outcome: 'missing' | 'denied' }>

/** An open file that lies inside, or how a read of it ends. */
export type Jailed = { readonly handle: FileHandle; readonly realPath: string } | { readonly refusal: Refusal }

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** Opens `path` (already judged by its text) below `root`, a real path. Rejects with the system's error on I/O faults. */
export async function openInside(root: string, path: string): Promise<Jailed> {
  try {
    return await openJudged(root, `${root}/${path}`)
  } catch (error) {
    if (errorCode(error) !== 'ELOOP') return refusalOf(error)
  }
  try {
    return await openJudged(root, await realpath(`${root}/${path}`))
  } catch (error) {
    return refusalOf(error)
  }
}

async function openJudged(root: string, path: string): Promise<Jailed> {
  const handle = await open(path, FLAGS)
  const realPath = await readlink(`/proc/self/fd/${handle.fd}`).catch(async (error) => {
    await handle.close()
    throw error
  })
  if (isInside(root, realPath)) return { handle, realPath }
  await handle.close()
  return denied('outside')
}

/** Whether a real path is the root or lies in it, outside version control. */
function isInside(root: string, realPath: string): boolean {
  if (realPath === root) return true
  const prefix = root === '/' ? '/' : `${root}/`
  return realPath.startsWith(prefix) && !realPath.slice(prefix.length).split('/').some(isOffLimits)
}

/** What a failed open says about the path itself; faults of the machine are passed on. */
function refusalOf(error: unknown): Jailed {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return { refusal: { outcome: 'missing' } }
    case 'ELOOP':
      return denied('link')
    case 'EACCES':
    case 'EPERM':
      return denied('permission')
    case 'ENXIO':
    case 'ENODEV':
      return denied('kind')
    default:
      throw error
  }
}

const denied = (detail: string): Jailed => ({ refusal: { outcome: 'denied', detail } })

const errorCode = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
