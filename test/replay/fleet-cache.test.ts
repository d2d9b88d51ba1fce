import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildTrace } from '../../src/model/replay/build-trace.ts'
import { judge } from '../../src/model/replay/judge.ts'
import { decisionsOf, lastRowUpTo } from '../support/fleet/decisions.ts'
import { FleetCache } from '../support/fleet/fleet-cache.ts'
import { aCommand, aFile } from '../support/warm-worker.ts'

const SHIFT_MS = 1_000_000

const traces = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(12)), { minLength: 1, maxLength: 60 })
  .map((steps) => {
    let timeMs = 0
    return buildTrace(
      steps.map(([gapMs, file]) => {
        timeMs += gapMs
        return { timeMs, workspace: 'w', session: 's', path: `f${file}` }
      }),
    )
  })

/** Commands that rest on some rows, in any order of coming. */
const plays = traces.chain((trace) =>
  fc
    .array(
      fc.record({ row: fc.nat(trace.file.length - 1), files: fc.array(fc.nat(15), { minLength: 1, maxLength: 4 }) }),
      {
        maxLength: 30,
      },
    )
    .map((decided) => ({
      trace,
      commands: decided.map(({ row, files }, at) => {
        const observedToMs = (trace.timeMs[row] ?? 0) + SHIFT_MS
        const named = files.map((file) => aFile({ path: `f${file}`, control: file % 5 === 4 }))
        const command = aCommand({ id: String(at), workspace: 'w', issuedAtMs: at, files: named })
        return { command, observedAtMs: observedToMs, observedToMs, receivedAtMs: observedToMs }
      }),
    })),
)

test('readers of a fleet whose commands come in time find what the judge says of the logged decisions', () => {
  fc.assert(
    fc.property(
      plays,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 6 }),
      ({ trace, commands }, capacityFiles, latencyMs) => {
        const { decisions } = decisionsOf(trace, { commands, shiftMs: SHIFT_MS })
        const verdict = judge(trace, decisions, { capacityFiles, latencyMs })
        const cache = new FleetCache(trace, { capacityFiles, latencyMs })
        // Those that rest on one access come in their order of issue.
        for (const received of commands.toSorted((one, other) => one.observedToMs - other.observedToMs))
          cache.take(received)
        const found = { hit: 0, warmHit: 0, miss: 0, unknown: 0, stale: 0 }
        const told = { warmed: 0, present: 0, control: 0 }
        trace.file.forEach((file, row) => {
          for (const outcome of cache.settle((trace.timeMs[row] ?? 0) + SHIFT_MS)) {
            for (const { outcome: kind } of outcome.files) if (kind in told) told[kind as keyof typeof told] += 1
          }
          found[cache.read(file).outcome] += 1
        })
        expect(found.hit + found.warmHit).toBe(verdict.hits)
        expect(found.warmHit).toBe(verdict.used)
        expect({ inserted: told.warmed, touched: told.present }).toEqual({
          inserted: verdict.inserted,
          touched: verdict.touched,
        })
      },
    ),
  )
})

test('a decision stands behind the last row that its predictor can have seen', () => {
  const timeMs = Float64Array.of(5, 7, 7, 9)
  expect([4, 5, 6, 7, 8, 9, 10].map((atMs) => lastRowUpTo(timeMs, atMs))).toEqual([-1, 0, 0, 2, 2, 3, 3])
})
