import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FoldedAnswer, FoldedFile, FoldedRun } from '../../../src/model/folded-run.ts'
import type { WarmOutcomeKind } from '../../../src/model/outcome.ts'
import { batchSize } from '../../../src/warming/run/batch-size.ts'
import { endOf, tallyOf } from '../../../src/warming/run/end.ts'
import { fileEnd, isThere } from '../../../src/warming/run/file-end.ts'
import type { Planned, RestReason } from '../../../src/warming/run/plan.ts'
import {
  firstProgress,
  issued as issuedOf,
  type OpenCommand,
  type RunProgress,
} from '../../../src/warming/run/progress.ts'
import { hasEnded } from '../../../src/warming/run/state.ts'
import { nextStep, type Step, type StepTimes } from '../../../src/warming/run/step.ts'
import type { RunSpec } from '../../../src/warming/strategy/run-spec.ts'
import { aSpec } from '../../support/run-world.ts'

const TIMES: StepTimes = { reissueMs: 1_000, unsureMs: 400, graceMs: 500, closingMs: 100 }

const BASE = aSpec({ parallelWorkers: 4, batchSize: 10 })

/** What the workers of a simulated run do; all of it drawn by chance. */
type World = {
  readonly files: number
  readonly within: number
  readonly near: number
  readonly spec: RunSpec
  readonly deadlineMs: number
  /** What each place ends as when it is warmed. */
  readonly ends: readonly WarmOutcomeKind[]
  /** Places that are gone from the cache when they are checked. */
  readonly evicted: readonly number[]
  /** Steps at which: a command is lost, is answered twice, the coordinator dies, the pressure is so. */
  readonly lost: readonly number[]
  readonly died: readonly number[]
  readonly pressures: readonly number[]
  readonly wish: { readonly kind: 'cancelled' | 'paused'; readonly atMs: number } | null
}

const KINDS: readonly WarmOutcomeKind[] = ['warmed', 'present', 'refreshed', 'missing', 'failed', 'denied']
const ends = fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 40 })

const worlds: fc.Arbitrary<World> = fc
  .record({
    files: fc.nat(120),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    nearShare: fc.double({ min: 0, max: 1, noNaN: true }),
    parallelWorkers: fc.integer({ min: 1, max: 6 }),
    batch: fc.integer({ min: 1, max: 30 }),
    pressureMax: fc.constantFrom(0.6, 0.8, 0.95, 1),
    bytesMax: fc.constantFrom(0, 0, 300, 5_000),
    check: fc.boolean(),
    deadlineMs: fc.constantFrom(1_000, 20_000, 3_000_000),
    ends,
    evicted: fc.array(fc.nat(120), { maxLength: 5 }),
    lost: fc.array(fc.nat(60), { maxLength: 12 }),
    died: fc.array(fc.nat(60), { maxLength: 6 }),
    pressures: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 }),
    wish: fc.option(fc.record({ kind: fc.constantFrom('cancelled', 'paused'), atMs: fc.nat(5_000) }), { nil: null }),
  })
  .map(({ share, nearShare, parallelWorkers, batch, pressureMax, bytesMax, check, ...world }) => ({
    ...world,
    within: Math.floor(world.files * (0.5 + share / 2)),
    near: Math.floor(world.files * nearShare),
    spec: { ...BASE, parallelWorkers, batchSize: batch, pressureMax, bytesMax, check },
  }))

/** Bytes of every file that is warmed. */
const FILE_BYTES = 10

/** A run with workers, a log that loses and repeats, and a coordinator that dies: what is noted is all that stays. */
function simulate(world: World) {
  const planned: Planned = {
    plan: 'p',
    files: world.files,
    filesWithin: world.within,
    filesNear: world.near,
    plannedAtMs: 0,
  }
  const folded = new Map<number, FoldedFile>()
  let bytes = 0
  let pressure = { last: 0, highest: 0 }
  const summary = (): FoldedRun | null => {
    if (folded.size === 0) return null
    const counted = (which: 'warm' | 'check') =>
      [...folded.values()].flatMap((file) => (file[which] === null ? [] : [{ ...file[which], files: 1 }]))
    const ends = [...folded.values()].map((file) => ({ ...file, files: 1 }))
    const course = { kept: true, bytes, pressure, firstAtMs: 0, lastAtMs: 0 }
    return { ends, warm: counted('warm'), check: counted('check'), ...course }
  }
  const answer = (phase: RunProgress['phase'], place: number, budget: { left: number }): FoldedAnswer => {
    const plain = { detail: '', version: 'v', bytes: 0 }
    const kind = world.ends[place % world.ends.length] ?? 'failed'
    if (phase === 'check') return { ...plain, outcome: world.evicted.includes(place) ? 'cold' : 'present' }
    if (pressure.last >= world.spec.pressureMax) return { ...plain, outcome: 'skipped', detail: 'pressure' }
    if (kind !== 'warmed' && kind !== 'refreshed') return { ...plain, outcome: kind }
    if (budget.left <= 0) return { ...plain, outcome: 'skipped', detail: 'limit' }
    budget.left -= FILE_BYTES
    return { ...plain, outcome: kind, bytes: FILE_BYTES }
  }
  const carryOut = (phase: RunProgress['phase'], command: OpenCommand) => {
    const budget = { left: command.bytesMax }
    for (let place = command.first; place < command.first + command.files; place += 1) {
      const known = folded.get(place) ?? { warm: null, check: null }
      if (known[phase] !== null) continue
      const given = answer(phase, place, budget)
      bytes += given.bytes
      folded.set(place, { ...known, [phase]: given })
    }
  }
  const isAnswered =
    (phase: RunProgress['phase']) =>
    ({ first, files }: OpenCommand) =>
      Array.from({ length: files }, (_, at) => folded.get(first + at)?.[phase] ?? null).every((one) => one !== null)

  let noted = firstProgress(world.spec.check, world.within)
  let rest: RestReason | null = null
  let stopped = null as { rest: RestReason; sinceMs: number } | null
  let nowMs = 0
  const steps: Step[] = []
  const issued: { phase: RunProgress['phase']; command: OpenCommand; near: boolean; pressure: number | null }[] = []
  for (let at = 0; ; at += 1) {
    if (at > 20_000) throw new Error('the run does not end')
    const before = summary()
    const step: Step = nextStep(
      {
        ...{ planned, spec: world.spec, deadlineMs: world.deadlineMs, nowMs, stopped },
        progress: noted,
        answered: isAnswered(noted.phase),
        folded: before,
        wish: world.wish !== null && nowMs >= world.wish.atMs ? world.wish.kind : null,
      },
      TIMES,
    )
    steps.push(step)
    rest = step.rest
    if (rest !== null && stopped?.rest !== rest) stopped = { rest, sinceMs: nowMs }
    noted = step.progress
    if (step.over) break
    // A coordinator that dies here has noted what it then never put on the log.
    const dies = world.died.includes(at)
    if (dies) stopped = rest === null ? null : { rest, sinceMs: nowMs }
    for (const [index, command] of (dies ? [] : step.issue).entries()) {
      const near = command.first + command.files <= world.near
      issued.push({ phase: noted.phase, command, near, pressure: before?.pressure.last ?? null })
      const last = world.pressures[(at + index) % world.pressures.length] ?? 0
      if (noted.phase === 'warm') pressure = { last, highest: Math.max(last, pressure.highest) }
      if (!world.lost.includes(at)) carryOut(noted.phase, command)
      if (world.lost.includes(at + 1)) carryOut(noted.phase, command)
    }
    if (!dies) noted = issuedOf(noted, step.issue)
    nowMs += 150
  }
  const header = { planned, rest, spec: world.spec, endedAtMs: nowMs, tally: null }
  const files = Array.from({ length: world.files }, (_, place) => fileEnd(header, place, folded.get(place) ?? null))
  const counted = tallyOf(header, summary())
  return { steps, issued, folded, files, tally: counted, rest, nowMs, bytes, end: endOf(header, counted) }
}

describe('the course of a run', () => {
  it('gives every planned file exactly one end, and counts that add up, whatever befalls', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const run = simulate(world)
        expect(run.files.every(({ outcome }) => outcome !== 'pending')).toBe(true)
        expect(run.tally.counts.reduce((sum, { files }) => sum + files, 0)).toBe(world.files)
        for (const { outcome, detail, files } of run.tally.counts)
          expect(run.files.filter((file) => file.outcome === outcome && file.detail === detail)).toHaveLength(files)
        expect(run.files.filter(({ verified }) => verified)).toHaveLength(run.tally.verified)
        expect(hasEnded(run.end.state)).toBe(true)
        expect(run.nowMs).toBeLessThanOrEqual(world.deadlineMs + 150)
      }),
      { numRuns: 500 },
    )
  })

  it('is complete only when every planned file was found in the cache', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { end, files } = simulate(world)
        const all = files.every((file) => file.verified && isThere({ outcome: file.outcome as WarmOutcomeKind }))
        if (end.state === 'complete') expect(all).toBe(true)
        if (end.state === 'partial') expect(all).toBe(false)
        if (end.state === 'failed') expect(files.some(({ verified }) => verified)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('never has more commands open than the run has workers, nor a batch out of bounds', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { steps, issued } = simulate(world)
        for (const { progress } of steps) expect(progress.open.length).toBeLessThanOrEqual(world.spec.parallelWorkers)
        for (const { phase, command, near, pressure } of issued) {
          expect(command.files).toBeGreaterThan(0)
          expect(command.first + command.files).toBeLessThanOrEqual(world.within)
          if (phase === 'check' || command.tries > 1) continue
          expect(command.files).toBeLessThanOrEqual(batchSize(world.spec.batchSize, pressure))
          if (pressure !== null && pressure > 0.9) expect(near).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('asks for no place twice, but in the same command again', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const cuts = new Map<string, number>()
        const holders = new Map<string, number>()
        for (const { phase, command } of simulate(world).issued) {
          expect(cuts.get(`${phase}/${command.first}`) ?? command.files).toBe(command.files)
          cuts.set(`${phase}/${command.first}`, command.files)
          for (let place = command.first; place < command.first + command.files; place += 1) {
            expect(holders.get(`${phase}/${place}`) ?? command.first).toBe(command.first)
            holders.set(`${phase}/${place}`, command.first)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('brings in no more bytes than the run may, but for the last file of each command', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { bytes, issued } = simulate(world)
        if (world.spec.bytesMax > 0) expect(bytes).toBeLessThanOrEqual(world.spec.bytesMax + issued.length * FILE_BYTES)
      }),
      { numRuns: 300 },
    )
  })

  it('completes when every file can be warmed and there is time, though commands are lost and coordinators die', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const fair: World = {
          ...world,
          ends: ['warmed', 'present', 'refreshed'],
          ...{ evicted: [], wish: null, within: world.files, pressures: [0.3], deadlineMs: 3_000_000 },
          spec: { ...world.spec, bytesMax: 0 },
        }
        expect(simulate(fair).end.state).toBe('complete')
      }),
      { numRuns: 300 },
    )
  })

  it('stops for pressure and says so, verifying what it has warmed', () => {
    const world: World = {
      ...{ files: 100, within: 100, near: 100, spec: BASE, deadlineMs: 3_000_000, ends: ['warmed'] },
      ...{ evicted: [3], lost: [], died: [], pressures: [0.5, 0.5, 0.5, 0.5, 0.85], wish: null },
    }
    const { end, tally, rest } = simulate(world)
    expect(rest).toBe('pressure')
    expect(end.state).toBe('partial')
    expect(end.why).toContain('pressure')
    expect(tally.verified).toBeGreaterThan(0)
    expect(tally.counts).toContainEqual({ outcome: 'failed', detail: 'evicted', files: 1 })
  })

  it('verifies all that was warmed before it stopped, in as many commands as that takes', () => {
    const world: World = {
      ...{ files: 2_000, within: 2_000, near: 2_000, deadlineMs: 3_000_000, ends: ['warmed'] },
      spec: { ...BASE, parallelWorkers: 1, batchSize: 100 },
      ...{ evicted: [], lost: [], died: [], wish: null },
      pressures: [...Array.from({ length: 15 }, () => 0.6), 0.85],
    }
    const { tally } = simulate(world)
    expect(tally.verified).toBe(1_500)
  })

  it('ends a run without files as complete, saying so', () => {
    const world: World = {
      ...{ files: 0, within: 0, near: 0, spec: BASE, deadlineMs: 3_000_000, ends: ['warmed'] },
      ...{ evicted: [], lost: [], died: [], pressures: [0], wish: null },
    }
    const { end, nowMs } = simulate(world)
    expect(end).toEqual({ state: 'complete', why: 'there is nothing to warm: no file was selected' })
    expect(nowMs).toBe(0)
  })
})

describe('the size of a batch', () => {
  it.each([
    [50, null, 50],
    [50, 0.49, 100],
    [150, 0.2, 200],
    [50, 0.5, 50],
    [50, 0.8, 50],
    [51, 0.81, 25],
    [100, 0.85, 50],
    [100, 0.91, 25],
    [1, 0.95, 1],
  ])('is for a base of %i at a pressure of %d: %i', (base, pressure, files) => {
    expect(batchSize(base, pressure)).toBe(files)
  })
})
