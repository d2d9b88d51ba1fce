/**
 * The layers that a worker can make from a file's bytes. A reader and a worker agree on a value's name only if they
 * agree on its producer version, so both look it up here.
 */

export type LayerProducer = {
  readonly layer: string
  /** Changes whenever the same bytes would give another value; old values then simply are no longer found. */
  readonly producerVersion: string
  /** Makes the layer's value. */
  produce(bytes: Uint8Array): Uint8Array
}

/** The file's own bytes. */
export const CONTENT_LAYER: LayerProducer = { layer: 'content', producerVersion: '1', produce: (bytes) => bytes }

export type Layers = ReadonlyMap<string, LayerProducer>

/** The layers of this build. */
export const BUILT_IN_LAYERS: Layers = new Map([[CONTENT_LAYER.layer, CONTENT_LAYER]])
