/** A thread of its own for the plugins of a fleet: whatever they do to it, the process goes on. */

import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../ports/errors.ts'
import type { LayerProducer } from '../../ports/layer.ts'
import type { DeclaredLayer, Loaded, LoadedModule, Made, PluginThreadData, Wanted } from './messages.ts'

const producers = new Map<string, LayerProducer>()

/** Names and versions of layers: words, since they stand in settings, commands and URLs. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/

async function load(module: string): Promise<LoadedModule> {
  try {
    const { layers } = (await import(module)) as { readonly layers?: unknown }
    if (!Array.isArray(layers)) return { refusal: 'it exports no list `layers`' }
    return layers.map(declare)
  } catch (cause) {
    return { refusal: messageOf(cause) }
  }
}

/** Checks what a module without types may hold. The first of a name stays; the owner refuses the second. */
function declare(layer: unknown, at: number): DeclaredLayer {
  const { name, version, produce, handles } = (layer ?? {}) as Partial<LayerProducer>
  if (typeof name !== 'string' || !WORD.test(name))
    throw new Error(`layers[${at}].name is no word of 1 to 64 characters`)
  if (typeof version !== 'string' || !WORD.test(version)) {
    throw new Error(`the version of layer '${name}' is no word of 1 to 64 characters`)
  }
  if (typeof produce !== 'function') throw new Error(`layer '${name}' has no function produce(file)`)
  if (handles !== undefined && typeof handles !== 'function')
    throw new Error(`handles of layer '${name}' is no function`)
  if (!producers.has(name)) producers.set(name, layer as LayerProducer)
  return { name, version }
}

async function make({ layer, file, timeMs }: Wanted): Promise<Made> {
  const producer = producers.get(layer)
  if (producer === undefined) return { fault: 'the module no longer has this layer: restart the process' }
  if (producer.handles?.(file.path) === false) return { value: null }
  const value: unknown = await producer.produce(file, AbortSignal.timeout(timeMs))
  if (value === null) return { value }
  // A copy: what the plugin keeps stays its own, and a view into a pool takes nothing else of it along.
  return value instanceof Uint8Array ? { value: new Uint8Array(value) } : { fault: 'produce(file) gave no bytes' }
}

parentPort?.on('message', async (wanted: Wanted) => {
  const made = await make(wanted).catch((cause: unknown): Made => ({ fault: messageOf(cause) }))
  parentPort?.postMessage(made, 'value' in made && made.value !== null ? [made.value.buffer] : [])
})

const { modules } = workerData as PluginThreadData
const loaded: LoadedModule[] = []
for (const module of modules) loaded.push(await load(module))
parentPort?.postMessage({ modules: loaded } satisfies Loaded)
