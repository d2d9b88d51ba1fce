/** What a gateway under test knows of runs, strategies and pauses: a memory store, and the settings given. */
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import type { Settings } from '../../src/config/schema.ts'
import { needStrategy, strategyOf } from '../../src/config/strategies.ts'
import { createFoldedRuns } from '../../src/flows/folded-runs.ts'
import { createRunReader } from '../../src/flows/runs.ts'
import { StoredSwitches } from '../../src/flows/switches.ts'

const CPUS = 2

export function gatewayRuns(settings: Settings) {
  const store = createMemoryModelStore()
  const { limits } = settings.model
  return {
    store,
    switches: new StoredSwitches({ store, clock: createSystemClock(), logger: SILENT_LOG }),
    runs: createRunReader({ notes: store.notes, folded: createFoldedRuns({ store, sha256Hex, limits }) }),
    strategy: (name: string, stated: Parameters<ReturnType<typeof strategyOf>>[1]) =>
      strategyOf(settings, CPUS)(name, stated) ?? needStrategy(settings, name, CPUS),
    triggered: (workspace: string, kind: 'push' | 'checkout') => {
      const of = settings.workspaces.get(workspace)
      return (kind === 'push' ? of?.onPush : of?.onCheckout) ?? null
    },
  }
}
