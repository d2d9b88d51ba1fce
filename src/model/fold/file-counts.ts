import type { ModelLimits } from '../limits.ts'
import { fadeHours, type HourCounts } from './hours.ts'
import { RankedList } from './ranked-list.ts'

/** What is counted of one file. `Ref` names other files: a pointer in a shard's memory, an id for readers of rows. */
export class FileCounts<Ref> {
  path: string
  /** Number of the file's last access within the shard. */
  touch = 0
  /** Half-life period that the counts were last faded to. */
  epoch = 0
  frequency = 0
  lastAccessMs = 0
  /** The largest access times, ascending. */
  timesMs: number[] = []
  dayHours: HourCounts = []
  weekHours: HourCounts = []
  readonly coAccess = new RankedList<Ref>()
  readonly successors = new RankedList<Ref>()
  /** Current version as the last change said, null when deleted or never said. */
  version: string | null = null
  /** Time of that change; -1 when there was none. */
  versionAtMs = -1

  constructor(path: string) {
    this.path = path
  }
}

/** Half-life period of a time. */
export const epochOf = (timeMs: number, limits: ModelLimits): number => Math.floor(timeMs / limits.halfLifeMs)

/** Epochs after which nothing of a count is left. */
export const epochsKept = (limits: ModelLimits): number => Math.max(1, Math.floor(limits.memoryMs / limits.halfLifeMs))

/** Fades a file's counts to `epoch`. False when they are there already, or further. */
export function fadeFile<Ref>(file: FileCounts<Ref>, epoch: number, limits: ModelLimits): boolean {
  const passed = epoch - file.epoch
  if (passed <= 0) return false
  file.epoch = epoch
  if (passed >= epochsKept(limits)) dropCounts(file)
  else halveCounts(file, 2 ** passed)
  return true
}

function dropCounts<Ref>(file: FileCounts<Ref>): void {
  file.frequency = 0
  file.timesMs = []
  file.dayHours = []
  file.weekHours = []
  file.coAccess.clear()
  file.successors.clear()
}

function halveCounts<Ref>(file: FileCounts<Ref>, divisor: number): void {
  file.frequency = Math.floor(file.frequency / divisor)
  fadeHours(file.dayHours, divisor)
  fadeHours(file.weekHours, divisor)
  file.coAccess.fade(divisor)
  file.successors.fade(divisor)
}

/** Puts a time among the `max` largest, ascending. */
export function keepTime(timesMs: number[], timeMs: number, max: number): void {
  let at = timesMs.length
  while (at > 0 && (timesMs[at - 1] ?? 0) > timeMs) at -= 1
  if (at === timesMs.length) timesMs.push(timeMs)
  else timesMs.splice(at, 0, timeMs)
  if (timesMs.length > max) timesMs.shift()
}
