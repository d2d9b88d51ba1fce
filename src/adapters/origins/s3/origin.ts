import { LRUCache } from 'lru-cache'
import { ForewarmError, messageOf } from '../../../ports/errors.ts'
import type { Origin, OriginRead } from '../../../ports/origin.ts'
import { pathDenial } from '../../../warming/path.ts'
import { blobId } from '../blob-id.ts'
import { noHistory, unavailable, unlistable } from '../unavailable.ts'
import { Bucket, type BucketOptions } from './bucket.ts'

/** Objects whose versions are remembered; about 200 bytes each. */
const KNOWN_VERSIONS_MAX = 50_000

type Known = LRUCache<string, { readonly signature: string; readonly version: string }>

/**
 * The objects of a bucket below a prefix. Their versions are the ids that git would give their bytes: an ETag may be
 * computed in several ways, so it only tells whether an object is still the one that was read.
 */
export function createS3Origin(options: BucketOptions): Origin {
  const bucket = new Bucket(options)
  const known: Known = new LRUCache({ max: KNOWN_VERSIONS_MAX })
  const origin: Origin = {
    read: async (path, limits) => {
      limits.signal.throwIfAborted()
      const denial = pathDenial(path)
      if (denial !== null) return { outcome: 'denied', detail: denial }
      if (!path.isWellFormed()) return { outcome: 'missing' }
      return settled(limits.signal, () => readObject(bucket, path, { ...limits, known }))
    },
    version: async (path, signal) => {
      signal.throwIfAborted()
      const last = known.get(path)
      if (last === undefined) return null
      const now = await settled(signal, () => bucket.signature(path, signal))
      return now === last.signature ? last.version : null
    },
    list: async function* (signal) {
      signal.throwIfAborted()
      const pages = bucket.list(signal)[Symbol.asyncIterator]()
      for (;;) {
        const page = await settled(signal, () => pages.next())
        if ('outcome' in page) throw unlistable(`the bucket ${options.bucket} cannot be listed (${page.outcome})`)
        if (page.done === true) return
        for (const { path, signature, bytes } of page.value) {
          if (pathDenial(path) === null) yield { path, version: null, signature, bytes }
        }
      }
    },
    changedSince: async () => {
      throw noHistory(`the bucket ${options.bucket} does not tell what changed since a revision`)
    },
    revision: async () => null,
    at: () => origin,
    close: () => bucket.close(),
  }
  return origin
}

type Limits = Parameters<Origin['read']>[1] & { readonly known: Known }

async function readObject(bucket: Bucket, path: string, { bytesMax, signal, known }: Limits): Promise<OriginRead> {
  const object = await bucket.get(path, signal)
  if (object.bytes > bytesMax) {
    object.drop()
    return { outcome: 'tooLarge', bytes: object.bytes }
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of object.body) {
    size += chunk.byteLength
    if (size > bytesMax) return { outcome: 'tooLarge', bytes: size }
    chunks.push(chunk)
  }
  signal.throwIfAborted()
  if (size !== object.bytes) throw unavailable(`the object ${path} broke off after ${size} of ${object.bytes} bytes`)
  const bytes = new Uint8Array(Buffer.concat(chunks, size))
  const version = blobId(bytes)
  if (object.signature !== null) known.set(path, { signature: object.signature, version })
  return { outcome: 'read', file: { bytes, version } }
}

/** Errors by which the service says that there is no such object, also because a key cannot be such. */
const MISSING: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound', 'KeyTooLongError', 'MethodNotAllowed'])

const DENIED: ReadonlyMap<string, string> = new Map([
  ['AccessDenied', 'permission'],
  ['Forbidden', 'permission'],
  ['InvalidObjectState', 'archived'],
])

type Refused = Extract<OriginRead, { outcome: 'missing' | 'denied' }>

/** What the service says for certain is a result, everything else a fault that may pass. */
async function settled<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result | Refused> {
  try {
    return await work()
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    if (cause instanceof ForewarmError) throw cause
    const name = cause instanceof Error ? cause.name : ''
    if (MISSING.has(name)) return { outcome: 'missing' }
    const detail = DENIED.get(name)
    if (detail !== undefined) return { outcome: 'denied', detail }
    throw unavailable(`the object store does not answer as it should (${name}: ${messageOf(cause)})`, cause)
  }
}
