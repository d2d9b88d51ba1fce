import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openReplay } from '../../src/compose/replay.ts'
import { DEFAULT_LIMITS } from '../../src/model/limits.ts'
import { AccessPatterns } from '../../src/sdk/manual/access-patterns.ts'
import { batchSize } from '../../src/warming/run/batch-size.ts'
import {
  type AncestorPatterns,
  adaptiveBatchSize,
  analyzeFileCorrelations,
  analyzeSeasonalPatterns,
  predictiveCandidates,
  trackAccess,
} from '../support/ancestor.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** The beginning of a period within which nothing fades: the ancestor forgot nothing. */
const START_MS = DEFAULT_LIMITS.halfLifeMs * 700

type Read = { readonly session: number; readonly path: string; readonly timeMs: number }

/** Sessions one after the other, of as many files as a session's window holds. */
const reads: fc.Arbitrary<Read[]> = fc
  .array(
    fc.array(fc.record({ file: fc.nat(11), stepMs: fc.integer({ min: 1, max: 29 * MINUTE_MS }) }), { minLength: 4 }),
    { minLength: 1, maxLength: 12 },
  )
  .map((sessions) => {
    let timeMs = START_MS
    return sessions.flatMap((session, at) =>
      session.map(({ file, stepMs }) => {
        timeMs += stepMs
        return { session: at, path: `src/f${file}.py`, timeMs }
      }),
    )
  })

/** What the manual's `AnalyzerWithLearning` learns from them. */
function ancestorOf(history: readonly Read[]): AncestorPatterns {
  const patterns: AncestorPatterns = new Map()
  let session = new Set<string>()
  for (const [at, { path, timeMs, session: number }] of history.entries()) {
    if (number !== history[at - 1]?.session) session = new Set()
    trackAccess(patterns, { path, timeMs, coAccessed: session })
    session.add(path)
  }
  return patterns
}

/** What the product learns from them: folded, written as rows and read again. */
async function productOf(history: readonly Read[]): Promise<AccessPatterns> {
  const nothing = { predictor: 'none', capacityFiles: 16, latencyMs: 0, aggressiveness: 'medium' } as const
  const { parts, reader } = openReplay({ ...nothing, graphs: new Map() })
  for (const { session, path, timeMs } of history) {
    const access = { path, timeMs, layer: 'content', version: null, outcome: 'unknown', warmedBy: null } as const
    await parts.fold.access({
      ...{ workspace: 'shop', session: String(session), analyzer: 'size-check', revision: null },
      ...{ publisher: '', sequence: 0, sessionEnded: false, forget: false, changes: [], accesses: [access] },
    })
  }
  await parts.fold.settle()
  parts.setNow(history.at(-1)?.timeMs ?? START_MS)
  return new AccessPatterns(reader, 'shop')
}

async function allOf(patterns: AccessPatterns) {
  const found = new Map<string, Awaited<ReturnType<AccessPatterns['pattern']>> & object>()
  for await (const pattern of patterns.all()) found.set(pattern.path, pattern)
  return found
}

const byFiles = <Pair extends { path: string; coFile: string }>(pairs: readonly Pair[]) =>
  pairs.toSorted((one, other) => (`${one.path} ${one.coFile}` < `${other.path} ${other.coFile}` ? -1 : 1))

const holds = (check: (history: Read[]) => Promise<void>) => fc.assert(fc.asyncProperty(reads, check), { numRuns: 25 })

describe("what is learned is what the ancestor's code learns of the same reads", () => {
  it('in frequency, last access, access times, hours and next access', () =>
    holds(async (history) => {
      const product = await allOf(await productOf(history))
      const ancestor = ancestorOf(history)
      expect([...product.keys()].sort()).toEqual([...ancestor.keys()].sort())
      for (const [path, theirs] of ancestor) {
        const ours = product.get(path)
        expect(ours).toMatchObject({
          accessFrequency: theirs.accessFrequency,
          lastAccessMs: theirs.lastAccessTime,
          accessTimes: theirs.accessTimes,
        })
        expect(new Map(ours?.seasonalPatterns)).toEqual(theirs.seasonalPatterns)
        expect(ours?.predictNextAccess()).toBe(theirs.predictNextAccess())
      }
    }))

  it('in co-accesses, which count for both files here and there for the later one', () =>
    holds(async (history) => {
      const product = await allOf(await productOf(history))
      const ancestor = ancestorOf(history)
      const earlier = (path: string, other: string) => ancestor.get(path)?.coAccessedFiles.get(other) ?? 0
      for (const path of ancestor.keys()) {
        const both = [...ancestor.keys()].map((other) => [other, earlier(path, other) + earlier(other, path)] as const)
        expect(new Map(product.get(path)?.coAccessedFiles)).toEqual(new Map(both.filter(([, count]) => count > 0)))
      }
    }))

  it('in the files that peak at an hour, in the same order', () =>
    holds(async (history) => {
      const product = await productOf(history)
      const ancestor = ancestorOf(history)
      for (const { timeMs } of [history[0], history.at(-1)].filter((read) => read !== undefined)) {
        const theirs = analyzeSeasonalPatterns(ancestor, new Date(timeMs).getUTCHours())
        // Of a file that was read more than fifty times, when it was first read is forgotten.
        const isWhole = theirs.every(({ path }) => (ancestor.get(path)?.accessFrequency ?? 0) <= 50)
        const ours = await product.peakFiles(timeMs)
        if (isWhole) expect(ours).toEqual(theirs)
        else expect(ours.map(({ count }) => count)).toEqual(theirs.map(({ count }) => count))
      }
    }))
})

describe('of the same co-accesses the same follows', () => {
  it('in correlations and their strength', () =>
    holds(async (history) => {
      const product = await productOf(history)
      const ours = (await product.correlations()).map(({ path, coFile, strength }) => ({ path, coFile, strength }))
      const theirs = analyzeFileCorrelations(await allOf(product))
      // Here the later file counts too, so a share of the accesses may pass the whole.
      const bounded = theirs.map((one) => ({ ...one, strength: Math.min(1, one.strength) }))
      expect(byFiles(ours)).toEqual(byFiles(bounded))
    }))

  it('in the files that are warmed after a read', () =>
    holds(async (history) => {
      const product = await productOf(history)
      const correlations = analyzeFileCorrelations(await allOf(product))
      for (const { path } of history.slice(-3)) {
        const theirs = predictiveCandidates(correlations, path)
        const ours = await product.relatedFiles(path)
        expect(ours.map(({ strength }) => strength)).toEqual(theirs.map(({ strength }) => Math.min(1, strength)))
        const weakest = theirs.at(-1)?.strength
        // Of equally strong ones at the end of the ten either may be taken.
        const sure = theirs.filter(({ strength }) => theirs.length < 10 || strength !== weakest)
        expect(ours.map((one) => one.path)).toEqual(expect.arrayContaining(sure.map(({ coFile }) => coFile)))
      }
    }))
})

describe('the worked examples of the manual', () => {
  it('a batch of 50 is 25 under high pressure, 100 under low, 200 at the most, and as it was between', () => {
    expect([0.81, 0.8, 0.5, 0.49].map((pressure) => batchSize(50, pressure))).toEqual([25, 50, 50, 100])
    expect(batchSize(150, 0.1)).toBe(200)
    expect(batchSize(51, 0.85)).toBe(25)
  })

  it('batches are those of the manual up to a pressure of .9; above it 25 at the most, as its guide to high memory says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (base, pressure) => {
        const theirs = adaptiveBatchSize(base, pressure)
        expect(batchSize(base, pressure)).toBe(pressure > 0.9 ? Math.min(theirs, 25) : theirs)
      }),
    )
  })

  it('five co-accesses are a correlation, and more than half of the reads a reason to warm', async () => {
    // analyzer.py is read ten times: after utils.py ten times, after detector.py five times, after report.py four times.
    const history = Array.from({ length: 10 }, (_, session) => [
      ...(session < 4 ? ['src/report.py'] : []),
      ...(session < 5 ? ['src/detector.py'] : []),
      ...['src/utils.py', 'src/analyzer.py'],
    ]).flatMap((paths, session) =>
      paths.map((path, at) => ({ session, path, timeMs: START_MS + session * HOUR_MS + at })),
    )
    const patterns = await productOf(history)
    const ofAnalyzer = (await patterns.correlations()).filter(({ path }) => path === 'src/analyzer.py')
    expect(ofAnalyzer).toEqual([
      { path: 'src/analyzer.py', coFile: 'src/utils.py', count: 10, strength: 1 },
      { path: 'src/analyzer.py', coFile: 'src/detector.py', count: 5, strength: 0.5 },
    ])
    expect(await patterns.relatedFiles('src/analyzer.py')).toEqual([{ path: 'src/utils.py', strength: 1 }])
  })

  it('a file read at 9:00, 9:10 and 9:30 is expected at 9:45, and is likely within the hour until then', async () => {
    const nineMs = START_MS + 9 * HOUR_MS
    const history = [0, 10, 30].map((minutes, session) => ({
      ...{ session, path: 'src/analyzer.py' },
      timeMs: nineMs + minutes * MINUTE_MS,
    }))
    const patterns = await productOf(history)
    const expectedAtMs = nineMs + 45 * MINUTE_MS
    expect((await patterns.pattern('src/analyzer.py'))?.predictNextAccess()).toBe(expectedAtMs)
    const likely = [{ path: 'src/analyzer.py', expectedAtMs }]
    expect(await patterns.expectedWithinHour(nineMs + 31 * MINUTE_MS)).toEqual(likely)
    expect(await patterns.expectedWithinHour(expectedAtMs - HOUR_MS)).toEqual([])
    expect(await patterns.expectedWithinHour(expectedAtMs - HOUR_MS + 1)).toEqual(likely)
    expect(await patterns.expectedWithinHour(expectedAtMs + 1)).toEqual([])
  })
})
