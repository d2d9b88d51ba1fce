/** Folders of a commit, as git stores them: looked up a folder at a time, so that no path is ever text for git. */
import { isUtf8 } from 'node:buffer'

export type TreeEntry = { readonly kind: 'file' | 'folder' | 'link' | 'submodule'; readonly id: string }

const KINDS: ReadonlyMap<string, TreeEntry['kind']> = new Map([
  ['40000', 'folder'],
  ['120000', 'link'],
  ['160000', 'submodule'],
])

/** The entries of a tree object by name; names that are not UTF-8 are left out. `idBytes` is 20 or 32. */
export function parseTree(bytes: Uint8Array, idBytes: number): ReadonlyMap<string, TreeEntry> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = new Map<string, TreeEntry>()
  for (let at = 0; at < buffer.length; ) {
    const space = buffer.indexOf(0x20, at)
    const end = buffer.indexOf(0, space)
    if (space === -1 || end === -1) break
    const name = buffer.subarray(space + 1, end)
    const id = buffer.toString('hex', end + 1, end + 1 + idBytes)
    const kind = KINDS.get(buffer.toString('latin1', at, space)) ?? 'file'
    if (isUtf8(name)) entries.set(name.toString(), { kind, id })
    at = end + 1 + idBytes
  }
  return entries
}
