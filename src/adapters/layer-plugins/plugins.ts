/** Layers that a fleet brings as modules: loaded once at the start to see what they are, run in threads of their own. */

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BulkheadPolicy, bulkhead } from 'cockatiel'
import { ForewarmError, messageOf } from '../../ports/errors.ts'
import type { LayerFile, LayerProducer } from '../../ports/layer.ts'
import { orAborted } from '../../ports/or-aborted.ts'
import type { DeclaredLayer, LoadedModule, Made, Wanted } from './messages.ts'
import { PluginThread, type ThreadLimits, ThreadLost } from './plugin-thread.ts'

export type PluginOptions = Partial<ThreadLimits> & {
  /** Names that are taken already. */
  readonly taken: ReadonlySet<string>
  /** Time for one value. */
  readonly produceMs: number
  /** Values made at the same time. */
  readonly threadsMax: number
}

export type LayerPlugins = { readonly layers: readonly LayerProducer[]; close(): Promise<void> }

const LOAD_MS = 10_000
const HEAP_MEGABYTES_MAX = 512

/** A file whose thread was lost gets one more, new thread: what ended the first may have been left by another file. */
const THREADS_PER_VALUE = 2

/** Rejects with FW_CONFIG_INVALID, naming the module, if one of them cannot be used. */
export async function openLayerPlugins(paths: readonly string[], options: PluginOptions): Promise<LayerPlugins> {
  if (paths.length === 0) return { layers: [], close: async () => {} }
  const limits = { loadMs: LOAD_MS, heapMegabytesMax: HEAP_MEGABYTES_MAX, ...options }
  const modules = paths.map((path) => pathToFileURL(resolve(path)).href)
  const { thread, modules: loaded } = await firstThread(paths, modules, limits)
  const pool = new PluginPool(modules, { ...options, ...limits }, thread)
  try {
    const layers = declaredLayers(paths, loaded, options.taken).map((declared) => pool.producer(declared))
    return { layers, close: () => pool.close() }
  } catch (cause) {
    await pool.close()
    throw cause
  }
}

async function firstThread(paths: readonly string[], modules: readonly string[], limits: ThreadLimits) {
  try {
    return await PluginThread.start(modules, limits)
  } catch (cause) {
    const why = messageOf(cause)
    throw invalid(`the layer plugins ${paths.join(', ')} cannot be loaded: ${why}`, cause)
  }
}

function declaredLayers(paths: readonly string[], loaded: readonly LoadedModule[], taken: ReadonlySet<string>) {
  const layers = new Map<string, DeclaredLayer>()
  for (const [at, module] of loaded.entries()) {
    const path = paths[at]
    if ('refusal' in module) throw invalid(`the layer plugin ${path} cannot be used: ${module.refusal}`)
    for (const layer of module) {
      const { name } = layer
      if (taken.has(name)) throw invalid(`the layer plugin ${path} names its layer '${name}', which is built in`)
      if (layers.has(name)) throw invalid(`the layer plugin ${path} names its layer '${name}', which there is already`)
      layers.set(name, layer)
    }
  }
  return [...layers.values()]
}

const invalid = (message: string, cause?: unknown) =>
  new ForewarmError('FW_CONFIG_INVALID', `warm.plugins: ${message}`, { cause })

type PoolOptions = ThreadLimits & Pick<PluginOptions, 'produceMs' | 'threadsMax'>

class PluginPool {
  readonly #modules: readonly string[]
  readonly #options: PoolOptions
  readonly #idle: PluginThread[]
  readonly #threads: Set<PluginThread>
  /** Who finds no thread free waits; how many wait is bounded by the files that a worker has in flight. */
  readonly #places: BulkheadPolicy
  #closed = false

  constructor(modules: readonly string[], options: PoolOptions, first: PluginThread) {
    this.#modules = modules
    this.#options = options
    this.#idle = [first]
    this.#threads = new Set([first])
    this.#places = bulkhead(options.threadsMax, Number.POSITIVE_INFINITY)
  }

  producer({ name, version }: DeclaredLayer): LayerProducer {
    return { name, version, isBounded: true, produce: (file, signal) => this.#produce(name, file, signal) }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#threads].map((thread) => thread.end()))
  }

  async #produce(layer: string, file: LayerFile, signal: AbortSignal): Promise<Uint8Array | null> {
    const wanted = { layer, file, timeMs: this.#options.produceMs }
    const made = await orAborted(
      this.#places.execute(() => this.#make(wanted), signal),
      signal,
    )
    if ('fault' in made) throw new Error(made.fault)
    return made.value
  }

  async #make(wanted: Wanted): Promise<Made> {
    for (let threads = 1; ; threads += 1) {
      try {
        return await this.#makeOnce(wanted)
      } catch (cause) {
        if (!(cause instanceof ThreadLost) || this.#closed || threads === THREADS_PER_VALUE) throw cause
      }
    }
  }

  async #makeOnce(wanted: Wanted): Promise<Made> {
    const thread = this.#takeIdle() ?? (await this.#start())
    try {
      return await thread.make(wanted)
    } finally {
      if (thread.isLost) this.#threads.delete(thread)
      else this.#idle.push(thread)
    }
  }

  #takeIdle(): PluginThread | null {
    for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
      if (!thread.isLost) return thread
      this.#threads.delete(thread)
    }
    return null
  }

  async #start(): Promise<PluginThread> {
    const { thread } = await PluginThread.start(this.#modules, this.#options)
    this.#threads.add(thread)
    if (this.#closed) await thread.end()
    return thread
  }
}
