/** The layers of this process: those that are built in and those of the fleet's own modules. */
import { availableParallelism } from 'node:os'
import { openLayerPlugins } from '../adapters/layer-plugins/plugins.ts'
import type { Settings } from '../config/schema.ts'
import { createAstLayer } from '../flows/ast-layer.ts'
import { CONTENT_LAYER, type Layer, type LayerProducer, type Layers, layersOf } from '../ports/layer.ts'

export type OpenedLayers = {
  /** Loads parsers and modules at the first call; rejects with FW_CONFIG_INVALID when a module cannot be used. */
  readonly layers: () => Promise<Layers>
  close(): Promise<void>
}

/** Threads that run plugins: more would take the machine from everything else. */
const PLUGIN_THREADS_MAX = 4

/** `more` come on top, and take the place of what has their name. */
export function openLayers({ warm }: Settings, more: readonly LayerProducer[] = []): OpenedLayers {
  const closers: (() => Promise<void>)[] = []
  const open = async () => {
    const builtIn = await builtInLayers()
    const plugins = await openLayerPlugins(warm.plugins, {
      taken: new Set(builtIn.map(({ name }) => name)),
      produceMs: warm.produceMs,
      threadsMax: Math.min(PLUGIN_THREADS_MAX, availableParallelism()),
    })
    closers.push(() => plugins.close())
    return layersOf([...builtIn, ...plugins.layers, ...more])
  }
  let opened: Promise<Layers> | null = null
  return {
    layers: () => {
      opened ??= open()
      return opened
    },
    close: async () => {
      await opened?.catch(() => {})
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
}

async function builtInLayers(): Promise<readonly Layer[]> {
  // Parsers take a tenth of a second to load: whoever reads nothing but contents does without.
  const { loadLanguages } = await import('./languages.ts')
  const languages = await loadLanguages()
  const parse = async ({ path, bytes }: { readonly path: string; readonly bytes: Uint8Array }) =>
    languages.find((language) => language.handles(path))?.parse(path, bytes) ?? null
  return [CONTENT_LAYER, createAstLayer(languages, parse)]
}
