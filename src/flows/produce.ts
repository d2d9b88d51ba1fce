import { ForewarmError, messageOf } from '../ports/errors.ts'
import type { LayerFile, LayerProducer } from '../ports/layer.ts'

/**
 * The value of a layer, or null when the file has none. Whatever the producer does otherwise becomes FW_LAYER_FAILED;
 * with an aborted signal, its reason.
 */
export async function produceValue(
  layer: LayerProducer,
  file: LayerFile,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const value = await made(layer, file, signal)
  if (value === null || value instanceof Uint8Array) return value
  throw new ForewarmError('FW_LAYER_FAILED', `the producer of the layer '${layer.name}' gave no bytes`)
}

async function made(layer: LayerProducer, file: LayerFile, signal: AbortSignal): Promise<unknown> {
  try {
    return await layer.produce(file, signal)
  } catch (cause) {
    signal.throwIfAborted()
    const why = messageOf(cause)
    throw new ForewarmError('FW_LAYER_FAILED', `the layer '${layer.name}' could not be made: ${why}`, { cause })
  }
}
