/**
 * Names of values in the cache. A name holds everything that the value depends on, so a value under it never goes
 * stale and nothing ever has to be overwritten. Names are hashed: no user text reaches the cache's keys.
 */
import { type Sha256Hex, shortId } from '../model/identity.ts'

export type ValueName = {
  readonly workspace: string
  readonly layer: string
  /** Version of the code that makes this layer from a file's bytes (layers.ts). */
  readonly producerVersion: string
  readonly path: string
  /** Content version of the file: git blob id, else digest. */
  readonly version: string
}

/** The same shape as the cache port's key; the core does not import ports. */
type Key = { readonly workspaceId: string; readonly rest: string }

/** Hex digits kept of a name's SHA-256: 128 bits, so names of one workspace do not collide. */
const NAME_DIGITS = 32

/** The key of an immutable value. */
export const valueKey = (name: ValueName, sha256Hex: Sha256Hex): Key => ({
  workspaceId: shortId(name.workspace, sha256Hex),
  rest: `v.${hashed([name.layer, name.producerVersion, name.path, name.version], sha256Hex)}`,
})

/** The key under which one worker holds off the others while it loads a file whose version nobody has named. */
export const unversionedLeaseKey = (name: Omit<ValueName, 'version'>, sha256Hex: Sha256Hex): Key => ({
  workspaceId: shortId(name.workspace, sha256Hex),
  rest: `u.${hashed([name.layer, name.producerVersion, name.path], sha256Hex)}`,
})

/** The key of the pointer to the current version of a path, or with `path` null of the workspace's revision. */
export const pointerKey = (workspace: string, path: string | null, sha256Hex: Sha256Hex): Key => ({
  workspaceId: shortId(workspace, sha256Hex),
  rest: path === null ? 'r' : `p.${hashed([path], sha256Hex)}`,
})

/** The pointer to the value of a file's layer that depends on other files too: the latest, or that of a commit. */
export const layerPointerKey = (
  name: Omit<ValueName, 'version'>,
  revision: string | null,
  sha256Hex: Sha256Hex,
): Key => ({
  workspaceId: shortId(name.workspace, sha256Hex),
  rest: `d.${hashed([name.layer, name.producerVersion, name.path, revision], sha256Hex)}`,
})

/** JSON keeps the parts apart whatever characters they hold. */
const hashed = (parts: readonly (string | null)[], sha256Hex: Sha256Hex): string =>
  sha256Hex(JSON.stringify(parts)).slice(0, NAME_DIGITS)
