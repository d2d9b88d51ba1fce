/** Access patterns as the manual has them, read from the learned models. */
import { allFiles, byStrength, correlationsOf } from '../../flows/patterns.ts'
import { manualCorrelated, manualNextAccess, manualPeakFiles, nextAccessMs } from '../../model/candidates/manual.ts'
import type { ClockEvidence, FileEvidence, ModelReader } from '../../ports/model-reader.ts'
import type { Correlation } from '../../ports/patterns.ts'

/** What is known of one file. Counts are whole numbers >= 0. */
export type AccessPattern = {
  readonly path: string
  readonly accessFrequency: number
  readonly lastAccessMs: number
  /** The latest access times, ascending; at most 50. */
  readonly accessTimes: readonly number[]
  /** Files read together with it, with how often; the strongest neighbours are kept (docs/model.md). */
  readonly coAccessedFiles: ReadonlyMap<string, number>
  /** Accesses by hour of day, UTC. */
  readonly seasonalPatterns: ReadonlyMap<number, number>
  /** Last access plus the mean interval, milliseconds since the Unix epoch; null before the second access. */
  predictNextAccess(): number | null
}

/** A file and how often it was counted. */
export type RankedFile = { readonly path: string; readonly count: number }

/** The manual's questions to the models of one workspace. */
export class AccessPatterns {
  readonly #models: Pick<ModelReader, 'file' | 'files'>
  readonly #workspace: string

  constructor(models: Pick<ModelReader, 'file' | 'files'>, workspace: string) {
    this.#models = models
    this.#workspace = workspace
  }

  /** What was learned of one file; null when nothing was. */
  async pattern(path: string): Promise<AccessPattern | null> {
    const file = await this.#models.file(this.#workspace, path)
    return file === null ? null : patternOf(file)
  }

  /** The patterns of all files that are remembered, one after the other: a large workspace has many. */
  async *all(): AsyncIterable<AccessPattern> {
    for await (const file of allFiles(this.#models, this.#workspace)) yield patternOf(file)
  }

  /** All pairs with at least five co-accesses, the strongest first. */
  async correlations(): Promise<readonly Correlation[]> {
    const found: Correlation[] = []
    for await (const file of allFiles(this.#models, this.#workspace)) found.push(...correlationsOf(file))
    return found.sort(byStrength)
  }

  /** The files that are likely read after this one: strength above 0.5, the ten strongest. */
  async relatedFiles(path: string): Promise<readonly { readonly path: string; readonly strength: number }[]> {
    const file = await this.#models.file(this.#workspace, path)
    if (file === null) return []
    return manualCorrelated(file, file.lastAccessMs).map((one) => ({ path: one.path, strength: one.probability }))
  }

  /** The twenty files read most often at the hour of `nowMs` (UTC). */
  async peakFiles(nowMs: number): Promise<readonly RankedFile[]> {
    const files = await this.#clocks()
    const counts = new Map(files.map(({ path, hoursOfDay }) => [path, hoursOfDay]))
    const hour = new Date(nowMs).getUTCHours()
    return manualPeakFiles(files, nowMs).map(({ path }) => ({ path, count: counts.get(path)?.get(hour) ?? 0 }))
  }

  /** Files whose next access is expected within the hour after `nowMs`, the soonest first. */
  async expectedWithinHour(
    nowMs: number,
  ): Promise<readonly { readonly path: string; readonly expectedAtMs: number }[]> {
    const files = await this.#clocks()
    return files
      .map((file) => manualNextAccess(file, nowMs))
      .filter((candidate) => candidate !== null)
      .map(({ path, expectedAtMs }) => ({ path, expectedAtMs }))
      .sort((one, other) => one.expectedAtMs - other.expectedAtMs || (one.path < other.path ? -1 : 1))
  }

  async #clocks(): Promise<readonly ClockEvidence[]> {
    const files: ClockEvidence[] = []
    for await (const chunk of this.#models.files(this.#workspace)) files.push(...chunk)
    return files
  }
}

function patternOf(file: FileEvidence): AccessPattern {
  return {
    path: file.path,
    accessFrequency: file.frequency,
    lastAccessMs: file.lastAccessMs,
    accessTimes: file.accessTimes,
    coAccessedFiles: new Map(file.coAccess.map(({ path, count }) => [path, count])),
    seasonalPatterns: file.hoursOfDay,
    predictNextAccess: () => nextAccessMs(file),
  }
}
