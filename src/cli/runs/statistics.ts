/** What warming has come to in a workspace: the figures that the manual's dashboard watches. */
import type { Learned } from '../../ports/model-reader.ts'
import type { RunSummary } from '../../ports/runs.ts'
import { warmingStatsOf } from '../../sdk/manual/warming-stats.ts'
import { printable } from '../printable.ts'
import { count, percent, seconds } from './figures.ts'

export type Statistics = ReturnType<typeof statisticsOf>

type Known = {
  readonly workspace: string
  readonly runs: readonly RunSummary[]
  readonly learned: Learned | null
  /** Accuracy that the workspace wants, 0..1. */
  readonly accuracyTarget: number
}

/** Of the runs that are kept and have ended, and of all predictions so far; null where there is nothing to divide by. */
export function statisticsOf({ workspace, runs, learned, accuracyTarget }: Known) {
  const stats = warmingStatsOf(runs, learned)
  const each = (amount: number) => (stats.warmingSessions === 0 ? null : amount / stats.warmingSessions)
  const recentAccuracy = learned?.proof.recent?.accuracy ?? null
  return {
    workspace,
    ...stats,
    filesWarmedPerSession: each(stats.filesWarmed),
    averageWarmingTimeMs: each(stats.totalWarmingTimeMs),
    recentAccuracy,
    accuracyTarget,
    isLow: recentAccuracy === null ? null : recentAccuracy < accuracyTarget,
  }
}

export function statisticsText(of: Statistics): string {
  const ofRuns = of.filesWarmedPerSession === null ? [] : [`files warmed  ${perRun(of)}`]
  const lines = [
    `workspace     ${printable(of.workspace)}`,
    `runs          ${count(of.warmingSessions)} that have ended and are kept`,
    ...ofRuns,
    `misses        ${count(of.cacheMissesPrevented)} prevented${estimateText(of.cacheMissesPreventedEstimate)}`,
    `predictions   ${count(of.predictiveHits)} read in time, ${count(of.predictiveMisses)} by nobody`,
    `accuracy      ${accuracyText(of)}`,
    ...(of.isLow === true
      ? [`low accuracy: \`forewarm explain\` and docs/operations.md#forewarmaccuracylow tell why`]
      : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const perRun = ({ filesWarmed, filesWarmedPerSession, averageWarmingTimeMs }: Statistics): string =>
  `${count(filesWarmed)}, ${(filesWarmedPerSession ?? 0).toFixed(1)} a run in ${seconds(averageWarmingTimeMs ?? 0)} on the average`

const estimateText = (estimate: Statistics['cacheMissesPreventedEstimate']): string =>
  estimate === null
    ? ''
    : `; by the control group ${whole(estimate.value)} (${whole(estimate.low)} to ${whole(estimate.high)})`

const whole = (number: number): string => count(Math.round(number))

const accuracyText = ({ predictiveAccuracy, recentAccuracy, accuracyTarget }: Statistics): string =>
  predictiveAccuracy === null
    ? 'nothing settled yet'
    : `${percent(predictiveAccuracy)}, of late ${recentAccuracy === null ? 'too little settled' : percent(recentAccuracy)}; wanted ${percent(accuracyTarget)}`
