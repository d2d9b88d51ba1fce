import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readTrace } from '../../src/adapters/trace/trace-rows.ts'
import { playTrace } from '../../src/cli/replay.ts'
import { openReplay, type ReplayPredictor } from '../../src/compose/replay.ts'
import { replayTrace } from '../../src/flows/replay/player.ts'
import { FATE, judge } from '../../src/model/replay/judge.ts'
import type { ReplayRun } from '../../src/model/replay/run.ts'
import { prefixOf, type Trace } from '../../src/model/replay/trace.ts'
import { madeFleet, madeNights } from './made-trace.ts'

const made = madeFleet({ seed: 7, workspaces: ['shop', 'desk'], sessions: 60, filesPerWorkspace: 240 })
/** Reads of ripgrep, pyright and ruff over 37 successive revisions of a public repository: 4,500 reads of 490 files. */
const real = await readTrace(join(import.meta.dirname, 'drf.csv.gz'))

type Wish = { readonly latencyMs?: number; readonly capacityFiles?: number; readonly predictor?: ReplayPredictor }

const run = async (trace: Trace, wish: Wish = {}): Promise<ReplayRun> => (await played(trace, wish)).run

const played = (trace: Trace, { latencyMs = 10, capacityFiles = 60, predictor = 'learned' }: Wish) =>
  playTrace(trace, made.graphs, { latencyMs, capacityFiles, predictor, aggressiveness: 'medium' })

/** Decisions after rows before `rows`, in words. */
function decided({ decisions }: ReplayRun, rows = Number.POSITIVE_INFINITY): string[] {
  const { afterRow, atMs, reasons } = decisions
  const words = afterRow.map((row, nth) => `${row} ${atMs[nth]} ${decisions.fileOf(nth).path} ${reasons[nth]}`)
  return words.filter((_, nth) => (afterRow[nth] ?? 0) < rows)
}

describe.each([
  { name: 'a made trace', trace: made.trace, part: 3_000 },
  { name: 'a real trace', trace: real, part: 2_500 },
])('a replay of $name', ({ trace, part }) => {
  let whole: ReplayRun
  beforeAll(async () => {
    whole = await run(trace)
  })

  test.each(['learned', 'manual', 'models'] as const)('decides the same twice: %s', async (predictor) => {
    const short = prefixOf(trace, 1_500)
    const first = decided(await run(short, { predictor }))
    expect(first.length).toBeGreaterThan(50)
    expect(decided(await run(short, { predictor }))).toEqual(first)
  })

  test('decides over the first rows what it decides over the whole trace', async () => {
    const first = decided(whole, part - 1)
    expect(first.length).toBeGreaterThan(500)
    expect(decided(await run(prefixOf(trace, part)), part - 1)).toEqual(first)
  })

  test('reports what the judge counts for the recorded decisions', async () => {
    const { decisions, verdict } = whole
    expect(judge(trace, decisions, { capacityFiles: 60, latencyMs: 10 })).toEqual(verdict)
  })

  test('removes most of the misses of LRU, and most of its warms are read', async () => {
    const { report } = await played(trace, { latencyMs: 0 })
    expect(report.missReduction).toBeGreaterThan(0.6)
    expect(report.precision).toBeGreaterThan(0.7)
  })
})

describe('a replay', () => {
  test('folds every read once, and settles what it warmed', async () => {
    const { parts, settings, reader } = openReplay({
      ...{ predictor: 'learned', aggressiveness: 'medium', capacityFiles: 60, latencyMs: 0, graphs: made.graphs },
    })
    const { verdict } = await replayTrace(made.trace, parts, settings)
    const learned = await Promise.all(['shop', 'desk'].map((workspace) => reader.learned(workspace)))
    const sum = (count: (one: NonNullable<(typeof learned)[number]>) => number) =>
      learned.reduce((total, one) => total + (one === null ? 0 : count(one)), 0)
    expect(sum(({ accesses }) => accesses)).toBe(made.trace.file.length)
    expect(sum(({ files }) => files)).toBe(made.trace.files.length)
    expect(sum(({ proof }) => proof.warmHits)).toBeLessThanOrEqual(verdict.used)
    expect(sum(({ proof }) => proof.hits + proof.late + proof.wasted)).toBeGreaterThan(0.5 * verdict.inserted)
  })

  test('tells the source what became of its warms, when they are there, and never before', async () => {
    const { parts, settings } = openReplay({
      ...{ predictor: 'learned', aggressiveness: 'medium', capacityFiles: 60, latencyMs: 25, graphs: made.graphs },
    })
    let nowMs = 0
    const told: { sinceIssueMs: number; outcome: string }[] = []
    const { source } = parts
    const heard = {
      ...parts,
      setNow: (timeMs: number) => {
        nowMs = timeMs
        parts.setNow(timeMs)
      },
      source: {
        follow: (event, silent) => source.follow?.(event, silent) ?? Promise.resolve(),
        observe: (session) => source.observe(session),
        tick: (workspace, timeMs) => source.tick(workspace, timeMs),
        warmed: async (outcome) => {
          expect(nowMs).toBe(outcome.issuedAtMs + 25)
          for (const file of outcome.files)
            told.push({ sinceIssueMs: nowMs - outcome.issuedAtMs, outcome: file.outcome })
          await source.warmed?.(outcome)
        },
      },
    } satisfies typeof parts
    const { fates } = await replayTrace(made.trace, heard, settings)
    expect(told).toHaveLength(fates.length)
    const present = told.filter(({ outcome }) => outcome === 'present')
    expect(present).toHaveLength(fates.filter((fate) => fate === FATE.touched).length)
  })

  test('finds a nightly job by itself and warms its files before it starts', async () => {
    const nights = madeNights(3, 10)
    const { decisions, fates, verdict } = await run(nights, { capacityFiles: 150, latencyMs: 1000 })
    const used = decisions.reasons.filter((reason, nth) => reason === 'clock' && fates[nth] === FATE.used).length
    expect(used).toBeGreaterThan(300)
    expect(judge(nights, decisions, { capacityFiles: 150, latencyMs: 1000 })).toEqual(verdict)
  })

  test('warms the company of a file and the files of the hour by the rules of the manual', async () => {
    const { report } = await played(madeNights(3, 10), { capacityFiles: 150, latencyMs: 0, predictor: 'manual' })
    const reasons = report.reasons.map(({ reason }) => reason)
    expect(reasons).toEqual(expect.arrayContaining(['manual-correlation', 'manual-peak', 'manual-next-access']))
  })

  test('is plain LRU without a predictor', async () => {
    const { report } = await played(real, { predictor: 'none' })
    expect(report.hit).toBe(report.baselineHit)
    expect(report.warms).toBe(0)
  })
})
