/** What a thread that runs plugins and the process that owns it say to each other. */
import type { LayerFile } from '../../ports/layer.ts'

/** Handed to a thread at its start: URLs of the modules, in the order of the settings. */
export type PluginThreadData = { readonly modules: readonly string[] }

export type DeclaredLayer = { readonly name: string; readonly version: string }

/** What became of loading one module: its layers, or why it cannot be used. */
export type LoadedModule = readonly DeclaredLayer[] | { readonly refusal: string }

/** The first message of a thread. */
export type Loaded = { readonly modules: readonly LoadedModule[] }

/** One value to make; a thread gets the next one only after its answer. */
export type Wanted = { readonly layer: string; readonly file: LayerFile; readonly timeMs: number }

export type Made = { readonly value: Uint8Array<ArrayBuffer> | null } | { readonly fault: string }
