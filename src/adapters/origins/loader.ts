import { ForewarmError } from '../../ports/errors.ts'
import type { Origin } from '../../ports/origin.ts'
import { pathDenial } from '../../warming/path.ts'
import { blobId } from './blob-id.ts'

/** Gives a file's bytes, or null when there is no such file. */
export type LoadFile = (path: string, signal: AbortSignal) => Promise<Uint8Array | null>

/** An origin out of a function of the caller's own; its rejections count as the origin being away. */
export const createLoaderOrigin = (load: LoadFile): Pick<Origin, 'read'> => ({
  async read(path, { bytesMax, signal }) {
    const denial = pathDenial(path)
    if (denial !== null) return { outcome: 'denied', detail: denial }
    const bytes = await load(path, signal).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason
      throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'the given function could not load the file', {
        cause,
        retriable: true,
      })
    })
    if (bytes === null) return { outcome: 'missing' }
    if (bytes.byteLength > bytesMax) return { outcome: 'tooLarge', bytes: bytes.byteLength }
    return { outcome: 'read', file: { bytes, version: blobId(bytes) } }
  },
})
