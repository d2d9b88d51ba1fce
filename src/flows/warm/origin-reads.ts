import type { OriginFile, OriginRead } from '../../ports/origin.ts'
import { ended, type FileResult, skipped } from '../../warming/decide.ts'
import { attempt } from './attempts.ts'
import type { WarmDependencies, WarmSettings } from './dependencies.ts'
import type { FileTask } from './file-task.ts'

/** What a worker asks of origins, within its limits; tries again as the settings say. */
export class OriginReads {
  readonly #deps: WarmDependencies
  readonly #settings: WarmSettings

  constructor(deps: WarmDependencies, settings: WarmSettings) {
    this.#deps = deps
    this.#settings = settings
  }

  /** The version that the origin holds now, if it can tell without reading the file. */
  versionNow(task: FileTask): Promise<string | null> {
    return this.#ask(task, (signal) => task.origin.version(task.file.path, signal))
  }

  /** The file as the origin has it now, or the result of one that it does not give. */
  async read(task: FileTask, bytesMax: number): Promise<OriginFile | FileResult> {
    const { origin, originSlots, file } = task
    const read = await this.#ask(task, (signal) =>
      originSlots.timed(() => origin.read(file.path, { bytesMax, signal }), isSmall),
    )
    return read.outcome === 'read' ? read.file : this.#refused(read)
  }

  #ask<Answer>(task: FileTask, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { clock, random } = this.#deps
    const { retry: schedule, attemptMs } = this.#settings
    const times = { clock, random, schedule, attemptMs, lateAs: 'FW_ORIGIN_UNAVAILABLE', signal: task.signal } as const
    return attempt({ ...times, before: () => task.gate.enterRequest() }, (signal) => {
      const work = ask(signal)
      task.occupied(work)
      return work
    })
  }

  #refused(read: Exclude<OriginRead, { outcome: 'read' }>): FileResult {
    if (read.outcome === 'missing') return ended('missing')
    if (read.outcome === 'denied') return ended('denied', read.detail)
    return skipped(read.bytes > this.#settings.fileBytesMax ? 'size' : 'limit')
  }
}

/** Reads of longer files take longer for that alone, and say nothing of how busy the origin is. */
const SMALL_BYTES = 65_536

const isSmall = (read: OriginRead): boolean => read.outcome === 'read' && read.file.bytes.byteLength <= SMALL_BYTES
