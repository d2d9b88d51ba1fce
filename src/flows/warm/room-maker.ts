import type { Cache } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { ForewarmError } from '../../ports/errors.ts'
import type { Log } from '../../ports/telemetry.ts'
import { RoomCredit } from '../../warming/room-credit.ts'

/** A cache that makes room for longer than this is not waited for. */
const WAIT_MS_MAX = 1_000

/** Memory that an entry takes beside its value, about: its key, its times, its place in the table. */
const ENTRY_BYTES = 128

/** Has the cache make room before warms are put; all who put at the same time wait for one call. */
export class RoomMaker {
  readonly #deps: { readonly cache: Cache; readonly clock: Clock; readonly logger: Log }
  readonly #credit = new RoomCredit()
  #making: Promise<void> = Promise.resolve()

  constructor(deps: { cache: Cache; clock: Clock; logger: Log }) {
    this.#deps = deps
  }

  /** Rejects with the signal's reason, never for what the cache says: a warm without room made is still worth the try. */
  async before(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const wish = this.#credit.wish(bytes + ENTRY_BYTES, clock.monotonicMs())
    if (wish > 0) this.#making = this.#make(wish)
    const over = new AbortController()
    try {
      await Promise.race([this.#making, clock.sleep(WAIT_MS_MAX, AbortSignal.any([signal, over.signal]))])
    } finally {
      over.abort()
    }
  }

  async #make(bytes: number): Promise<void> {
    try {
      await this.#deps.cache.makeRoom(bytes)
    } catch (error) {
      if (!(error instanceof ForewarmError)) throw error
      this.#deps.logger.warn({ code: error.code }, 'the cache made no room for warms; older warms may leave for them')
    }
  }
}
