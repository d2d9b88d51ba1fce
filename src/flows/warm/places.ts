import type { Attributes } from '../../ports/telemetry.ts'
import type { Claim, Slots } from '../slots.ts'
import type { WarmSettings } from './dependencies.ts'
import { type GovernedDeps, GovernedSlots } from './governed-slots.ts'

/**
 * What a file of a command takes a place of, the narrowest first: nobody holds a place of all while waiting for one of
 * few.
 */
export type CommandPlaces = {
  /** Of the command itself; null leaves it to the worker's. */
  readonly own: Slots | null
  readonly origin: GovernedSlots
  readonly claim: Claim
}

/** The places for files in flight on one worker: all of them, and those of each origin. */
export class Places {
  readonly #deps: GovernedDeps
  readonly #settings: WarmSettings
  readonly #origins = new Map<string, GovernedSlots>()
  /** Of all files; they note the time of calls to the cache. */
  readonly all: GovernedSlots

  constructor(deps: GovernedDeps, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
    this.all = this.#governed({ guards: 'cache' }, settings.governor.cacheSlackMs, settings.filesInFlightMax)
  }

  /** Those of a workspace that has an origin here; they note the time of its reads. A slow origin slows no other. */
  ofOrigin(workspace: string): GovernedSlots {
    const { governor, filesInFlightMax, originFilesInFlightMax } = this.#settings
    const known = this.#origins.get(workspace)
    if (known !== undefined) return known
    const max = Math.min(filesInFlightMax, originFilesInFlightMax.get(workspace) ?? filesInFlightMax)
    const slots = this.#governed({ guards: 'origin', workspace }, governor.originSlackMs, max)
    this.#origins.set(workspace, slots)
    return slots
  }

  /** The level of what is slowest for a workspace: the cache or its origin. */
  levelOf(workspace: string): number {
    return Math.min(this.all.level, this.#origins.get(workspace)?.level ?? 1)
  }

  /** Waits for a place of each; rejects with the signal's reason, holding none. */
  async take({ own, origin, claim }: CommandPlaces, signal: AbortSignal): Promise<void> {
    const taken: Slots[] = []
    try {
      if (own !== null) {
        await own.take(signal)
        taken.push(own)
      }
      for (const slots of [origin, this.all]) {
        await slots.take(signal, claim)
        taken.push(slots)
      }
    } catch (error) {
      for (const slots of taken) slots.release()
      throw error
    }
  }

  leave({ own, origin }: Omit<CommandPlaces, 'claim'>): void {
    for (const slots of [this.all, origin, own]) slots?.release()
  }

  #governed(of: Attributes, slackMs: number, max: number): GovernedSlots {
    const { attemptMs: failedMs, governor } = this.#settings
    return new GovernedSlots(this.#deps, { of, max, failedMs, growthMax: governor.growthMax, slackMs })
  }
}
