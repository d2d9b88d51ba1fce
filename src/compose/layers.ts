/** The layers of this process: those that are built in and those of the fleet's own modules. */

import { availableParallelism } from 'node:os'
import { sha256Hex } from '../adapters/digest.ts'
import { openLayerPlugins } from '../adapters/layer-plugins/plugins.ts'
import { blobId } from '../adapters/origins/blob-id.ts'
import type { Settings } from '../config/schema.ts'
import { createAstLayer } from '../flows/ast-layer.ts'
import { createImportClosures } from '../flows/import-closures.ts'
import { createIncrementalLayer } from '../flows/incremental-layer.ts'
import type { Clock } from '../ports/clock.ts'
import { CONTENT_LAYER, type Layer, type LayerProducer, type Layers, layersOf } from '../ports/layer.ts'
import type { NoteStore } from '../ports/notes.ts'
import type { Origins } from '../ports/origin.ts'
import type { OpenedGraphs } from './graph.ts'

export type LayerParts = {
  readonly settings: Settings
  readonly clock: Clock
  readonly origins: Origins
  /** Where what was parsed is kept. */
  readonly notes: () => NoteStore
}

export type OpenedLayers = {
  /** Import graphs, languages and their parser; loaded at the first call. */
  readonly graphs: () => Promise<OpenedGraphs>
  /** Loads parsers and modules at the first call; rejects with FW_CONFIG_INVALID when a module cannot be used. */
  readonly layers: () => Promise<Layers>
  close(): Promise<void>
}

/** Threads that run plugins: more would take the machine from everything else. */
const PLUGIN_THREADS_MAX = 4

/** `more` come on top, and take the place of what has their name. */
export function openLayers(parts: LayerParts, more: readonly LayerProducer[] = []): OpenedLayers {
  const closers: (() => Promise<void>)[] = []
  const keep = <Opened extends { close(): Promise<void> }>(opened: Opened): Opened => {
    closers.push(() => opened.close())
    return opened
  }
  const graphs = onceAsync(async () => {
    // Parsers take a tenth of a second to load: whoever reads nothing but contents does without.
    const { openGraphs } = await import('./graph.ts')
    return keep(await openGraphs(parts.notes(), parts.clock))
  })
  const layers = onceAsync(async () => {
    const builtIn = builtInLayers(parts, await graphs())
    const plugins = keep(await openPlugins(parts.settings, builtIn))
    return layersOf([...builtIn, ...plugins.layers, ...more])
  })
  return {
    graphs,
    layers,
    close: async () => {
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
}

function builtInLayers({ settings, clock, origins }: LayerParts, opened: OpenedGraphs): readonly Layer[] {
  const { languages, parser, graphs } = opened
  const closures = createImportClosures({
    ...{ origins, languages, clock, sha256Hex, blobId },
    follow: (wish) => graphs.refresh(wish),
    fileBytesMax: settings.cache.valueBytesMax,
  })
  return [CONTENT_LAYER, createAstLayer(languages, parser.parse), createIncrementalLayer(languages, closures)]
}

const openPlugins = ({ warm }: Settings, builtIn: readonly Layer[]) =>
  openLayerPlugins(warm.plugins, {
    taken: new Set(builtIn.map(({ name }) => name)),
    produceMs: warm.produceMs,
    threadsMax: Math.min(PLUGIN_THREADS_MAX, availableParallelism()),
  })

function onceAsync<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | null = null
  return () => {
    made ??= make()
    return made
  }
}
