/** The kill switch, kept in the model store: a shared value that each process reads again in short rounds. */
import type { Clock } from '../ports/clock.ts'
import { ForewarmError } from '../ports/errors.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { Pause, Switches } from '../ports/switches.ts'
import type { Log } from '../ports/telemetry.ts'

/** How often a process reads the switches: with one lost round it still obeys within a second. */
export const SWITCHES_ROUND_MS = 250

/** After so long every process has heard of a change. */
const HEARD_MS = 4 * SWITCHES_ROUND_MS

/** Pauses, and resolves once every process has heard of it: what is asked for afterwards is not begun by anybody. */
export async function pauseEverywhere(
  switches: Pick<Switches, 'pause'>,
  { workspace, by }: { readonly workspace: string | null; readonly by: string },
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  await switches.pause(workspace, by)
  await clock.sleep(HEARD_MS)
}

/**
 * Takes back a pause, and resolves once every process has heard of it: what is asked for afterwards meets nobody who still
 * believes in the pause and answers for good that it was in the way.
 */
export async function resumeEverywhere(
  switches: Pick<Switches, 'resume'>,
  workspace: string | null,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  await switches.resume(workspace)
  await clock.sleep(HEARD_MS)
}

/** The number changes with the value's form. */
const NAME = 'switches-1'

/** Pauses that are kept at the most: each process reads all of them in each round. */
export const PAUSES_MAX = 1_000

/** As the wire's bounds of workspaces and actors. */
const TEXT_LENGTH_MAX = 256

/** Writers at the same time that one writer yields to before it gives up. */
const TRIES_MAX = 20

type Pauses = ReadonlyMap<string | null, Pause>

export type SwitchesDeps = {
  readonly store: Pick<ModelStore, 'shared' | 'share'>
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Log
}

/** What a process knows of the pauses: the last that it read, also while the store is away. */
export class StoredSwitches implements Switches {
  readonly #deps: SwitchesDeps
  #known: Pauses = new Map()
  #isAway = false

  constructor(deps: SwitchesDeps) {
    this.#deps = deps
  }

  readonly paused = (workspace: string): boolean => this.#knownOf(workspace) !== null

  async pauseOf(workspace: string): Promise<Pause | null> {
    await this.round()
    return this.#knownOf(workspace)
  }

  async list(): Promise<readonly Pause[]> {
    return [...(await this.#read()).pauses.values()]
  }

  async pause(workspace: string | null, by: string): Promise<void> {
    assertText(by, 'name of who pauses')
    if (workspace !== null) assertText(workspace, 'name of the workspace')
    const sinceMs = this.#deps.clock.now()
    await this.#change((pauses) => {
      if (pauses.has(workspace)) return null
      if (pauses.size >= PAUSES_MAX) {
        const mend = 'pause all workspaces with one pause, or resume some'
        throw new ForewarmError('FW_OVERLOADED', `${PAUSES_MAX} workspaces are paused already: ${mend}`)
      }
      return new Map([...pauses, [workspace, { workspace, sinceMs, by }]])
    })
  }

  async resume(workspace: string | null): Promise<void> {
    await this.#change((pauses) =>
      pauses.has(workspace) ? new Map([...pauses].filter(([of]) => of !== workspace)) : null,
    )
  }

  /** Reads the switches; rejects when the store is away. A process that has not read them yet must not warm. */
  async load(): Promise<void> {
    await this.#read()
  }

  /** Reads the switches again; while the store is away, what was known last goes on to hold. */
  async round(): Promise<void> {
    try {
      await this.#read()
      if (this.#isAway) this.#deps.logger.info({}, 'the kill switch can be read again')
      this.#isAway = false
    } catch (cause) {
      if (!(cause instanceof ForewarmError && cause.retriable)) throw cause
      if (!this.#isAway) {
        this.#deps.logger.warn({ code: cause.code }, 'the kill switch cannot be read: what was known last holds')
      }
      this.#isAway = true
    }
  }

  #knownOf(workspace: string): Pause | null {
    return this.#known.get(workspace) ?? this.#known.get(null) ?? null
  }

  async #read(): Promise<{ readonly pauses: Pauses; readonly version: number }> {
    const stored = await this.#deps.store.shared(NAME)
    const pauses = stored === null ? new Map() : pausesFrom(stored.value)
    this.#learn(pauses)
    return { pauses, version: stored?.version ?? 0 }
  }

  #learn(pauses: Pauses): void {
    const { logger } = this.#deps
    for (const [of, { by }] of pauses) {
      if (!this.#known.has(of)) logger.info({ workspace: of ?? 'all', by }, 'warming is paused')
    }
    for (const of of this.#known.keys()) {
      if (!pauses.has(of)) logger.info({ workspace: of ?? 'all' }, 'a pause of warming is over')
    }
    this.#known = pauses
  }

  /** Writes what `change` makes of the pauses, until nobody else has written meanwhile; null changes nothing. */
  async #change(change: (pauses: Pauses) => Pauses | null): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const { pauses, version } = await this.#read()
      const changed = change(pauses)
      if (changed === null) return
      if (await this.#deps.store.share(NAME, bytesOf(changed), version)) return this.#learn(changed)
    }
    throw new ForewarmError('FW_OVERLOADED', 'others change the kill switch all the time: try again', {
      retriable: true,
    })
  }
}

const bytesOf = (pauses: Pauses): Uint8Array => new TextEncoder().encode(JSON.stringify([...pauses.values()]))

function pausesFrom(bytes: Uint8Array): Pauses {
  const unreadable = new ForewarmError('FW_RECORD_INVALID', `the shared value ${NAME} of the model store is no pauses`)
  const pauses = parse(bytes)
  if (!Array.isArray(pauses) || !pauses.every(isPause)) throw unreadable
  return new Map(pauses.map((pause) => [pause.workspace, pause]))
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

function isPause(value: unknown): value is Pause {
  if (typeof value !== 'object' || value === null) return false
  const { workspace, sinceMs, by } = value as Partial<Record<keyof Pause, unknown>>
  return (workspace === null || typeof workspace === 'string') && typeof sinceMs === 'number' && typeof by === 'string'
}

function assertText(text: string, what: string): void {
  if (text.length > 0 && text.length <= TEXT_LENGTH_MAX) return
  throw new ForewarmError('FW_REQUEST_INVALID', `the ${what} must have 1 to ${TEXT_LENGTH_MAX} characters`)
}
