/**
 * How the values of the `incremental` layer are named: they depend on a file's imports, so its own version is not
 * enough.
 */

export const INCREMENTAL = 'incremental'

const DIGEST = '[0-9a-f]{32}'
const NAMED = new RegExp(`^(.+)\\+(${DIGEST})$`)
const POINTED = new RegExp(`^((.+)\\+(${DIGEST}))\\+(${DIGEST})$`)

/** The version of a value: the file's own, and the digest of what it imports. */
export const incrementalVersion = ({
  version,
  digest,
}: {
  readonly version: string
  readonly digest: string
}): string => `${version}+${digest}`

/** The content version in the version of a value, or null for what is none. */
export const contentVersionOf = (version: string): string | null => NAMED.exec(version)?.[1] ?? null

/** What the pointer of a value says: its version, and which tree (treeDigest) its imports were followed in. */
export type IncrementalPointer = {
  readonly valueVersion: string
  readonly version: string
  readonly digest: string
  readonly tree: string
}

export const pointerText = (valueVersion: string, tree: string): string => `${valueVersion}+${tree}`

/** Null for what no worker of this version wrote. */
export function parsePointer(text: string): IncrementalPointer | null {
  const [, valueVersion, version, digest, tree] = POINTED.exec(text) ?? []
  if (valueVersion === undefined || version === undefined || digest === undefined || tree === undefined) return null
  return { valueVersion, version, digest, tree }
}
