import type { Origin, OriginEntry } from '../../ports/origin.ts'
import { isTransient } from '../transient.ts'

/** A configuration file; broken or unreadable ones count as absent. */
const CONFIGURATION_BYTES_MAX = 1 << 20

type Known = { readonly entry: OriginEntry; readonly bytes: Uint8Array }

/** Bytes of configuration files by path, read again when the listing says that they may have changed. */
export class Configurations {
  #known = new Map<string, Known>()

  /** The bytes, and whether any differ from the last time. */
  async read(
    origin: Origin,
    entries: readonly OriginEntry[],
    signal: AbortSignal,
  ): Promise<{ readonly bytes: ReadonlyMap<string, Uint8Array>; readonly isChanged: boolean }> {
    const next = new Map<string, Known>()
    let isChanged = entries.length !== this.#known.size
    for (const entry of entries) {
      const before = this.#known.get(entry.path)
      const bytes =
        before !== undefined && isSame(before.entry, entry) ? before.bytes : await readOne(origin, entry, signal)
      isChanged ||= before === undefined || !areEqual(before.bytes, bytes)
      next.set(entry.path, { entry, bytes })
    }
    this.#known = next
    return { bytes: new Map([...next].map(([path, { bytes }]) => [path, bytes])), isChanged }
  }
}

const isSame = (one: OriginEntry, other: OriginEntry): boolean =>
  (one.version !== null && one.version === other.version) ||
  (one.signature !== null && one.signature === other.signature)

const areEqual = (one: Uint8Array, other: Uint8Array): boolean =>
  one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at])

const NOTHING = new Uint8Array()

async function readOne(origin: Origin, { path }: OriginEntry, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const read = await origin.read(path, { bytesMax: CONFIGURATION_BYTES_MAX, signal })
    return read.outcome === 'read' ? read.file.bytes : NOTHING
  } catch (cause) {
    signal.throwIfAborted()
    if (isTransient(cause)) return NOTHING
    throw cause
  }
}
