/**
 * The rules of the ancestor's manual, for tests to hold the product against. Times are milliseconds, hours those of UTC.
 * The manual shows no body of `track_access`; its fields say what it counts.
 */

const ACCESS_TIMES_MAX = 50

export class AncestorPattern {
  accessFrequency = 0
  lastAccessTime = 0
  readonly accessTimes: number[] = []
  readonly coAccessedFiles = new Map<string, number>()
  readonly seasonalPatterns = new Map<number, number>()

  predictNextAccess(): number | null {
    const intervals: number[] = []
    for (let i = 1; i < this.accessTimes.length; i += 1) {
      intervals.push((this.accessTimes[i] ?? 0) - (this.accessTimes[i - 1] ?? 0))
    }
    if (intervals.length === 0) return null
    return this.lastAccessTime + intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length
  }
}

export type AncestorPatterns = Map<string, AncestorPattern>

export type AncestorAccess = { readonly path: string; readonly timeMs: number; readonly coAccessed: Iterable<string> }

/** `track_access(file_path, co_accessed_files)`. */
export function trackAccess(patterns: AncestorPatterns, { path, timeMs, coAccessed }: AncestorAccess): void {
  const pattern = patterns.get(path) ?? new AncestorPattern()
  patterns.set(path, pattern)
  pattern.accessFrequency += 1
  pattern.lastAccessTime = timeMs
  pattern.accessTimes.push(timeMs)
  if (pattern.accessTimes.length > ACCESS_TIMES_MAX) pattern.accessTimes.shift()
  for (const other of coAccessed) if (other !== path) add(pattern.coAccessedFiles, other)
  add(pattern.seasonalPatterns, new Date(timeMs).getUTCHours())
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

export type AncestorCorrelation = { readonly path: string; readonly coFile: string; readonly strength: number }

/** `analyze_file_correlations()`. */
export function analyzeFileCorrelations(
  patterns: ReadonlyMap<
    string,
    { readonly accessFrequency: number; readonly coAccessedFiles: ReadonlyMap<string, number> }
  >,
): AncestorCorrelation[] {
  const correlations: AncestorCorrelation[] = []
  for (const [path, pattern] of patterns) {
    for (const [coFile, count] of pattern.coAccessedFiles) {
      if (count >= 5) correlations.push({ path, coFile, strength: count / pattern.accessFrequency })
    }
  }
  return correlations
}

/** The files that `predictive_warming(recently_accessed_file)` warms. */
export const predictiveCandidates = (correlations: readonly AncestorCorrelation[], recent: string) =>
  correlations
    .filter(({ path, strength }) => path === recent && strength > 0.5)
    .sort((x, y) => y.strength - x.strength)
    .slice(0, 10)

/** `analyze_seasonal_patterns()`. */
export const analyzeSeasonalPatterns = (patterns: AncestorPatterns, hour: number) =>
  [...patterns]
    .flatMap(([path, { seasonalPatterns }]) => {
      const count = seasonalPatterns.get(hour)
      return count === undefined ? [] : [{ path, count }]
    })
    .sort((x, y) => y.count - x.count)
    .slice(0, 20)

/** `adaptive_batch_size(base_size, memory_pressure)`. */
export function adaptiveBatchSize(baseSize: number, memoryPressure: number): number {
  if (memoryPressure > 0.8) return Math.floor(baseSize / 2)
  if (memoryPressure < 0.5) return Math.min(baseSize * 2, 200)
  return baseSize
}
