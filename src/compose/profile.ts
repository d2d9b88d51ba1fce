/** Watches the parts of this process: how long origins, cache, store, log and layers take. */
import { CallTimes } from '../adapters/profiler/call-times.ts'
import { type CpuProfile, startCpuProfile } from '../adapters/profiler/cpu-profile.ts'
import type { Layers } from '../ports/layer.ts'
import type { Origin, Origins } from '../ports/origin.ts'
import type { Engines } from './engines.ts'
import { once } from './once.ts'
import type { Parts } from './parts.ts'

export type Profile = {
  readonly calls: CallTimes
  /** Ends the sampling of the processor. */
  readonly stop: () => Promise<CpuProfile>
}

export async function startProfile(): Promise<Profile> {
  return { calls: new CallTimes(() => performance.now()), stop: await startCpuProfile() }
}

/** The same parts, watched. */
export function watched(parts: Parts, calls: CallTimes): Parts {
  return {
    ...parts,
    engines: watchedEngines(parts.engines, calls),
    origins: watchedOrigins(parts.origins, calls),
    layers: async () => watchedLayers(await parts.layers(), calls),
  }
}

function watchedEngines(engines: Engines, calls: CallTimes): Engines {
  const store = once(() => calls.watch('store', engines.store()))
  const cache = once(() => calls.watch('cache', engines.cache()))
  return { ...engines, log: calls.watch('log', engines.log), store, cache }
}

function watchedOrigins(origins: Origins, calls: CallTimes): Origins {
  const watch = (origin: Origin): Origin => {
    const watching = calls.watch('origin', origin)
    return {
      ...methodsOf(watching),
      at: (revision) => (revision === null ? watch(origin) : watch(origin.at(revision))),
    }
  }
  return (workspace) => {
    const origin = origins(workspace)
    return origin === null ? null : watch(origin)
  }
}

/** An object of its own: the proxy's methods, so that one of them can be another. */
const methodsOf = ({ read, version, list, changedSince, revision, at, close }: Origin): Origin => ({
  read,
  version,
  list,
  changedSince,
  revision,
  at,
  close,
})

const watchedLayers = (layers: Layers, calls: CallTimes): Layers =>
  new Map([...layers].map(([name, layer]) => [name, calls.watch(`layer ${name}`, layer)]))
