/** Lookups and fills of the cache for clients that have no library of ours. */
import type { Sha256Hex } from '../../model/identity.ts'
import type { Cache, PutResult } from '../../ports/cache.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { Lookup, WantedValue } from '../../ports/gateway.ts'
import type { Telemetry } from '../../ports/telemetry.ts'
import { type ValueName, valueKey } from '../../warming/cache-key.ts'
import { INCREMENTAL } from '../../warming/incremental.ts'
import type { LayerNames } from '../../warming/layers.ts'
import { pathDenial } from '../../warming/path.ts'
import { lookUp } from '../lookup.ts'

export type CachedValuesDeps = {
  readonly cache: Cache
  readonly telemetry: Telemetry
  readonly layers: LayerNames
  readonly sha256Hex: Sha256Hex
  /** Git blob id of some bytes. */
  readonly blobId: (bytes: Uint8Array) => string
  /** SHA-256 of some bytes in hex. */
  readonly digest: (bytes: Uint8Array) => string
  readonly valueBytesMax: number
}

/** Producer version of a layer that this build does not make and whose client names none. */
const OWN_PRODUCER = '1'

export async function lookUpValue(deps: CachedValuesDeps, wanted: WantedValue): Promise<Lookup> {
  checked(wanted.path)
  const found = await lookUp(deps, { ...wanted, producerVersion: producerOf(deps, wanted) })
  if (!('value' in found)) return found
  const { outcome, version, value, source } = found
  if (outcome === 'hit' || source.kind === 'fill') return { outcome, version, value, warmedBy: null }
  const links = source.traceparent === null ? [] : [source.traceparent]
  // The last span of the story that an access began: it links to the warm that the reader now gains from.
  await deps.telemetry.span('warm hit', { kind: 'internal', links }, async () => {})
  return { outcome, version, value, warmedBy: source.commandId }
}

export async function fillValue(
  deps: CachedValuesDeps,
  value: WantedValue & { readonly version: string },
  bytes: Uint8Array,
): Promise<PutResult> {
  checked(value.path)
  if (bytes.byteLength > deps.valueBytesMax) {
    const message = `the value has ${bytes.byteLength} bytes, the cache takes ${deps.valueBytesMax}: leave it out`
    throw new ForewarmError('FW_FILE_TOO_LARGE', message)
  }
  if (value.layer === INCREMENTAL) {
    throw new ForewarmError('FW_REQUEST_INVALID', `the layer '${INCREMENTAL}' is made by workers alone: leave it out`)
  }
  // A content value under a version that is not its own would be a wrong answer for everybody, for a day.
  if (value.layer === 'content' && !isVersionOf(deps, bytes, value.version)) {
    throw new ForewarmError('FW_REQUEST_INVALID', 'the version is neither git blob id nor SHA-256 of the body')
  }
  return deps.cache.put(valueKey(nameOf(deps, value, value.version), deps.sha256Hex), bytes, { kind: 'fill' })
}

const isVersionOf = (deps: CachedValuesDeps, bytes: Uint8Array, version: string): boolean =>
  version === deps.blobId(bytes) || version === deps.digest(bytes)

const producerOf = (deps: CachedValuesDeps, { producer, layer }: WantedValue): string =>
  producer ?? deps.layers.get(layer)?.version ?? OWN_PRODUCER

const nameOf = (deps: CachedValuesDeps, wanted: WantedValue, version: string): ValueName => ({
  workspace: wanted.workspace,
  layer: wanted.layer,
  producerVersion: producerOf(deps, wanted),
  path: wanted.path,
  version,
})

function checked(path: string): void {
  const denial = pathDenial(path)
  if (denial === null) return
  throw new ForewarmError('FW_PATH_DENIED', `the path can be no file of a workspace (${denial})`)
}
