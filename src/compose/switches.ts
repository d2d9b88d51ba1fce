/** The kill switch of a process. */
import { StoredSwitches, SWITCHES_ROUND_MS } from '../flows/switches.ts'
import type { Parts } from './parts.ts'
import { withRounds } from './rounds.ts'
import type { Stage } from './stage.ts'

export type OpenedSwitches = {
  readonly switches: StoredSwitches
  /** A stage that keeps them up to date as long as it runs. */
  keepFresh<Running extends Stage>(stage: Running): Running
}

/** Nothing is known of the switches before they are loaded, or a first round has come by. */
export function openSwitches(parts: Parts): OpenedSwitches {
  const { clock } = parts.engines
  const switches = new StoredSwitches({ store: parts.engines.store(), clock, logger: parts.logger })
  const rounds = { name: 'kill switch', everyMs: SWITCHES_ROUND_MS, round: () => switches.round() }
  return { switches, keepFresh: (stage) => withRounds(parts, stage, rounds) }
}
