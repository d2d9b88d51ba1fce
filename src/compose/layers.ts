/** The layers of this process: those that are built in and those of the fleet's own modules. */
import { availableParallelism } from 'node:os'
import { openLayerPlugins } from '../adapters/layer-plugins/plugins.ts'
import type { Settings } from '../config/schema.ts'
import { CONTENT_LAYER, type LayerProducer, type Layers, layersOf } from '../ports/layer.ts'

export type OpenedLayers = {
  /** Loads the modules at the first call; rejects with FW_CONFIG_INVALID when one cannot be used. */
  readonly layers: () => Promise<Layers>
  close(): Promise<void>
}

/** Threads that run plugins: more would take the machine from everything else. */
const PLUGIN_THREADS_MAX = 4

/** `more` come on top, and take the place of what has their name. */
export function openLayers({ warm }: Settings, more: readonly LayerProducer[] = []): OpenedLayers {
  const builtIn = [CONTENT_LAYER]
  const open = () =>
    openLayerPlugins(warm.plugins, {
      taken: new Set(builtIn.map(({ name }) => name)),
      produceMs: warm.produceMs,
      threadsMax: Math.min(PLUGIN_THREADS_MAX, availableParallelism()),
    })
  let opened: ReturnType<typeof open> | null = null
  return {
    layers: async () => {
      opened ??= open()
      const plugins = await opened
      return layersOf([...builtIn, ...plugins.layers, ...more])
    },
    close: async () => {
      const plugins = await opened?.catch(() => null)
      await plugins?.close()
    },
  }
}
