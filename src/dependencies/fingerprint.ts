/**
 * Fingerprints: one digest for a file and all that it imports, directly or not. As long as it stays the same, so does
 * whatever is computed from these files alone.
 */
import type { Sha256Hex } from '../model/identity.ts'

/** A file with its content version; empty where there is nothing that could be read. */
export type FileVersion = readonly [path: string, version: string]

export type Fingerprint = {
  readonly path: string
  readonly version: string
  /** Of path, version and closure. */
  readonly digest: string
  /** Every file that it imports, directly or not, without itself, in the order of their paths. */
  readonly closure: readonly FileVersion[]
}

/** Changes whenever the same closure would give another digest or another text. */
export const FINGERPRINT_FORMAT = '1'

/** Hex digits kept of a SHA-256: 128 bits. */
const DIGEST_DIGITS = 32

/**
 * The fingerprint of a file and of what it imports; `others` come in any order, and the file itself among them is left
 * out.
 */
export function fingerprint(
  [path, version]: FileVersion,
  others: Iterable<FileVersion>,
  sha256Hex: Sha256Hex,
): Fingerprint {
  const closure = [...others].filter(([other]) => other !== path).sort(byPath)
  return { path, version, digest: short(sha256Hex(JSON.stringify([path, version, closure]))), closure }
}

/** The value of the `incremental` layer (docs/layers.md): always the same text for the same fingerprint. */
export const fingerprintJson = ({ path, version, digest, closure }: Fingerprint): string =>
  JSON.stringify({ path, version, digest, closure })

/** Null for what is no fingerprint. */
export function parseFingerprint(text: string): Fingerprint | null {
  const found = parsed(text)
  if (typeof found !== 'object' || found === null) return null
  const { path, version, digest, closure } = found as Partial<Fingerprint>
  if (typeof path !== 'string' || typeof version !== 'string' || typeof digest !== 'string') return null
  return Array.isArray(closure) && closure.every(isFileVersion) ? { path, version, digest, closure } : null
}

/** Which files of a listing the import graph rests on, by their paths alone. */
export type SourceNames = {
  /** Files that are parsed. */
  isSource(path: string): boolean
  /** Files that decide where imports of others lead (tsconfig.json, package.json, go.mod). */
  isConfiguration(path: string): boolean
}

/**
 * Whether it may matter to imports that a file of this path is there: an import may name a file of any kind, but what
 * tools leave behind (dot-files, installed packages) comes and goes without meaning.
 */
export const mayBeImported = (path: string, { isSource, isConfiguration }: SourceNames): boolean =>
  isSource(path) || isConfiguration(path) || !LEFT_BY_TOOLS.test(path)

const LEFT_BY_TOOLS = /(?:^|\/)(?:\.|node_modules\/)/

/**
 * Digest of what decides, beside the files themselves, where their imports lead: which files there are that may be
 * imported, and the configuration files. With the same digest and the same versions, every closure is the same.
 */
export function treeDigest(
  paths: Iterable<string>,
  configurations: Iterable<FileVersion>,
  sha256Hex: Sha256Hex,
): string {
  return short(sha256Hex(JSON.stringify([[...paths].sort(), [...configurations].sort(byPath)])))
}

const short = (hex: string): string => hex.slice(0, DIGEST_DIGITS)

const byPath = ([one]: FileVersion, [other]: FileVersion): number => (one < other ? -1 : one > other ? 1 : 0)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isFileVersion = (item: unknown): item is FileVersion =>
  Array.isArray(item) && item.length === 2 && item.every((part) => typeof part === 'string')
