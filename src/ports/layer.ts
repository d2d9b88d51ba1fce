/** How the value of a layer is made from a file. Producers: the bytes themselves, parsers, modules of a fleet's own. */
import type { LayerName } from '../warming/layers.ts'
import type { ImportGraphs } from './import-graphs.ts'

/** A file as the producer of a layer gets it. */
export type LayerFile = {
  readonly workspace: string
  readonly path: string
  readonly bytes: Uint8Array
  /** Content version: git blob id. */
  readonly version: string
  /** Revision that the value is made for, where one was named. */
  readonly revision: string | null
}

export type LayerProducer = LayerName & {
  /** Whether it ends in bounded time by itself, counted from when it begins; else whoever waits counts the time. */
  readonly isBounded?: boolean
  /**
   * Makes the value; null when this file has none. Whatever it rejects with fails this file alone. The signal is aborted
   * when nobody waits for the value any more.
   */
  produce(file: LayerFile, signal: AbortSignal): Uint8Array | null | Promise<Uint8Array | null>
}

/** A layer whose values depend on what a file imports, too (src/warming/incremental.ts): only workers can make them. */
export type ClosureLayer = LayerName & ImportGraphs

/** A layer of values, made from a file alone or also from what it imports. */
export type Layer = LayerProducer | ClosureLayer

export type Layers = ReadonlyMap<string, Layer>

/** Whether only workers can make the values of this layer. */
export const isOfClosure = (layer: Layer): layer is ClosureLayer => 'snapshot' in layer

/** The file's own bytes. */
export const CONTENT_LAYER: LayerProducer = { name: 'content', version: '1', produce: ({ bytes }) => bytes }

/** Layers by their names; of two with one name the later. */
export const layersOf = (layers: Iterable<Layer>): Layers => new Map([...layers].map((layer) => [layer.name, layer]))
