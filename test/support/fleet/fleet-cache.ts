import type { AccessOutcome } from '../../../src/model/access.ts'
import type { WarmedFile, WarmOutcome } from '../../../src/model/outcome.ts'
import { ABSENT, LruCache, READ, WARMED } from '../../../src/model/replay/lru.ts'
import type { Trace } from '../../../src/model/replay/trace.ts'
import type { CommandFile } from '../../../src/warming/command.ts'
import type { ReceivedCommand } from './commands.ts'
import { FileIds } from './file-ids.ts'

type Waiting = ReceivedCommand & { readonly readableAtMs: number }

export type ReadFound = { readonly outcome: AccessOutcome; readonly warmedBy: string | null }

/**
 * The cache of a fleet and its workers in one: an LRU of so many files that fills on demand, into which the commands that
 * have come put their files, each of them `latencyMs` after the access that it rests on, or at once where the way took
 * longer. What readers find and workers tell is what really became of commands: none that came late is counted as in time.
 */
export class FleetCache {
  readonly #cache: LruCache
  readonly #ids: FileIds
  readonly #latencyMs: number
  /** Soonest readable first. */
  readonly #waiting: Waiting[] = []
  /** Command that brought a file in, by file. */
  readonly #broughtBy = new Map<number, string>()

  constructor(trace: Trace, { capacityFiles, latencyMs }: { capacityFiles: number; latencyMs: number }) {
    this.#cache = new LruCache(capacityFiles, trace.files.length)
    this.#ids = new FileIds(trace)
    this.#latencyMs = latencyMs
  }

  /** Takes a command that has come now. */
  take(received: ReceivedCommand): void {
    const readableAtMs = Math.max(received.receivedAtMs, received.observedToMs + this.#latencyMs)
    const after = this.#waiting.findLastIndex((each) => each.readableAtMs <= readableAtMs)
    this.#waiting.splice(after + 1, 0, { ...received, readableAtMs })
  }

  /** Carries out what is readable by `untilMs`; says what became of it. */
  settle(untilMs: number): WarmOutcome[] {
    const end = this.#waiting.findIndex(({ readableAtMs }) => readableAtMs > untilMs)
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end).map((waiting) => this.#carryOut(waiting))
  }

  read(file: number): ReadFound {
    const found = this.#cache.state(file)
    this.#cache.put(file, READ)
    if (found === ABSENT) return { outcome: 'miss', warmedBy: null }
    if (found === READ) return { outcome: 'hit', warmedBy: null }
    return { outcome: 'warmHit', warmedBy: this.#broughtBy.get(file) ?? null }
  }

  #carryOut({ command, readableAtMs }: Waiting): WarmOutcome {
    const { id: commandId, workspace, shard, issuedAtMs, firstFile } = command
    const files = command.files.map((file) => this.#warm(command.workspace, file, { commandId, readableAtMs }))
    const fixed = { runId: null, worker: 'fleet', mode: 'warm', pressure: 0 } as const
    return { ...fixed, commandId, workspace, shard, issuedAtMs, firstFile, files }
  }

  #warm(workspace: string, file: CommandFile, by: { commandId: string; readableAtMs: number }): WarmedFile {
    const { path, layer, reason, probability, horizonAtMs } = file
    const told = { path, layer, reason, probability, horizonAtMs, detail: '', bytes: 0, finishedAtMs: by.readableAtMs }
    if (file.control) return { ...told, version: null, outcome: 'control' }
    const id = this.#ids.of(workspace, path)
    const found = this.#cache.state(id)
    this.#cache.put(id, found === ABSENT ? WARMED : found)
    if (found === ABSENT) this.#broughtBy.set(id, by.commandId)
    return { ...told, version: null, outcome: found === ABSENT ? 'warmed' : 'present' }
  }
}
