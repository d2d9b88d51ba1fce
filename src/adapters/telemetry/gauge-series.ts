import type { Attributes } from '../../ports/telemetry.ts'

/** One series of a gauge. */
export type Level = { readonly attributes: Attributes; readonly value: number; readonly setMs: number }

/** A workspace that nobody has told of for so long is gone, or in other hands. */
const WORKSPACE_IDLE_MS = 3_600_000

/** The levels of one gauge as they were last set: OpenTelemetry's own gauges tell each of them for ever. */
export class GaugeSeries {
  readonly #levels = new Map<string, Level>()

  set(value: number, attributes: Attributes, nowMs: number): void {
    this.#levels.set(keyOf(attributes), { attributes, value, setMs: nowMs })
  }

  /** Ends the series that have at least these attributes. */
  withdraw(attributes: Attributes): void {
    const wanted = Object.entries(attributes)
    for (const [key, level] of this.#levels) {
      if (wanted.every(([name, value]) => level.attributes[name] === value)) this.#levels.delete(key)
    }
  }

  /** What is to be told now; series of idle workspaces end here. */
  current(nowMs: number): Iterable<Level> {
    for (const [key, { attributes, setMs }] of this.#levels) {
      if ('workspace' in attributes && nowMs - setMs > WORKSPACE_IDLE_MS) this.#levels.delete(key)
    }
    return this.#levels.values()
  }
}

const keyOf = (attributes: Attributes): string => JSON.stringify(Object.entries(attributes).sort())
