import { WarmingEvidence } from '../../model/fold/evidence.ts'
import type { FileCounts } from '../../model/fold/file-counts.ts'
import { countAt, type HourCounts, hourAt } from '../../model/fold/hours.ts'
import { Tallies } from '../../model/fold/tallies.ts'
import { addOutcomes, prove } from '../../model/proof.ts'
import type { Header } from '../../model/rows/header-rows.ts'
import type { ClockEvidence, FileEvidence, Learned, Neighbour, ProfileEvidence } from '../../ports/model-reader.ts'

/** Puts together what the shards of a workspace have counted: counts add up, times are united. */

const TIMES_MAX = 50

/** When a file was read, from its row of one shard. */
export function clockEvidence<Ref>(row: FileCounts<Ref>): ClockEvidence {
  return {
    path: row.path,
    frequency: row.frequency,
    lastAccessMs: row.lastAccessMs,
    accessTimes: row.timesMs,
    hoursOfDay: hoursOf(row.dayHours),
    hoursOfWeek: hoursOf(row.weekHours),
  }
}

/** Adds up what two shards know of one file; the latest access times are kept. */
export function mergeClocks(one: ClockEvidence, other: ClockEvidence | undefined): ClockEvidence {
  if (other === undefined) return one
  return {
    path: one.path,
    frequency: one.frequency + other.frequency,
    lastAccessMs: Math.max(one.lastAccessMs, other.lastAccessMs),
    accessTimes: [...one.accessTimes, ...other.accessTimes].sort((a, b) => a - b).slice(-TIMES_MAX),
    hoursOfDay: mergeCounts(one.hoursOfDay, other.hoursOfDay),
    hoursOfWeek: mergeCounts(one.hoursOfWeek, other.hoursOfWeek),
  }
}

/** Adds up what all shards know of one file; null where none knows it. */
export function mergeFiles(files: readonly FileEvidence[]): FileEvidence | null {
  return files.reduce<FileEvidence | null>((merged, file) => {
    if (merged === null) return file
    return {
      ...mergeClocks(merged, file),
      coAccess: mergeNeighbours(merged.coAccess, file.coAccess),
      successors: mergeNeighbours(merged.successors, file.successors),
    }
  }, null)
}

/** Adds up what all shards know of one analyzer; null where none knows it. */
export function mergeProfiles(profiles: readonly ProfileEvidence[]): ProfileEvidence | null {
  return profiles.reduce<ProfileEvidence | null>((merged, profile) => {
    if (merged === null) return profile
    const sessions = merged.sessions + profile.sessions
    return { sessions, files: mergeNeighbours(merged.files, profile.files) }
  }, null)
}

const hoursOf = (hours: HourCounts): Map<number, number> =>
  new Map(hours.map((entry) => [hourAt(entry), countAt(entry)]))

function mergeNeighbours(one: readonly Neighbour[], other: readonly Neighbour[]): Neighbour[] {
  const counts = new Map(one.map(({ path, count }) => [path, count]))
  for (const { path, count } of other) counts.set(path, (counts.get(path) ?? 0) + count)
  return [...counts].map(([path, count]) => ({ path, count }))
}

function mergeCounts(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): Map<number, number> {
  const merged = new Map(one)
  for (const [hour, count] of other) merged.set(hour, (merged.get(hour) ?? 0) + count)
  return merged
}

/** What a shard says of itself as a whole. */
export type ShardSummary = { readonly header: Header; readonly warming: WarmingEvidence | null }

/** What the shards of a workspace say together. */
export function learnedOf(shards: readonly ShardSummary[]): Learned | null {
  if (shards.length === 0) return null
  const headers = shards.map(({ header }) => header)
  const sum = (count: (header: Header) => number) => headers.reduce((total, header) => total + count(header), 0)
  const [tallies, warming] = [new Tallies(), new WarmingEvidence()]
  for (const header of headers) tallies.add(header.tallies)
  for (const shard of shards) if (shard.warming !== null) warming.add(shard.warming)
  return {
    accesses: sum(({ touch }) => touch),
    files: sum(({ fileCount }) => fileCount),
    closedSessions: sum(({ closings }) => closings),
    proof: prove({ tallies, treated: addOutcomes(headers.map(({ outcomes }) => outcomes.treated)), warming }),
  }
}
