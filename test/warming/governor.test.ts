import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BASELINE_MS,
  LatencyGovernor,
  LEVEL_CUT,
  LEVEL_MIN,
  LEVEL_STEP,
  WINDOW_CALLS_MIN,
  WINDOW_MS,
} from '../../src/warming/governor.ts'

const options = { growthMax: 0.5, slackMs: 2 }

/** A governor, and windows of calls to it. */
function governed(startMs = 0) {
  const governor = new LatencyGovernor(options)
  let nowMs = startMs
  /** One window of as many calls as need be; the latencies come round. */
  const window = (...latencies: readonly number[]) => {
    for (let call = 0; call < WINDOW_CALLS_MIN; call += 1) {
      nowMs += WINDOW_MS / (WINDOW_CALLS_MIN - 1)
      governor.observe(latencies[call % latencies.length] ?? 0, Math.round(nowMs))
    }
    nowMs += 1
    return governor.level
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { governor, window, pass }
}

const windowsToFloor = Math.ceil(Math.log(LEVEL_MIN) / Math.log(LEVEL_CUT))
const windowsToTop = Math.ceil((1 - LEVEL_MIN) / LEVEL_STEP)

test('a window over the bound halves the level, one within it gives a step back', () => {
  const { window } = governed()
  const levels = [10, 16, 18, 18, 10, 16, 18].map((latency) => window(latency))
  const expected = [1, 1, 0.5, 0.25, 0.35, 0.45, 0.225]
  for (const [at, level] of levels.entries()) expect(level).toBeCloseTo(expected[at] ?? 0, 9)
})

const aLatency = fc.double({ min: 0, max: 1_000, noNaN: true })

test('the level stays within its bounds and moves in its two steps only, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(aLatency, fc.integer({ min: 0, max: 20_000 })), { maxLength: 200 }), (windows) => {
      const { governor, window, pass } = governed()
      for (const [latency, afterMs] of windows) {
        pass(afterMs)
        const before = governor.level
        const level = window(latency)
        const [cut, step] = [Math.max(LEVEL_MIN, before * LEVEL_CUT), Math.min(1, before + LEVEL_STEP)]
        expect([before, cut, step]).toContain(level)
      }
    }),
  )
})

test('latencies that stay within the bound of the smallest never cut', () => {
  fc.assert(
    fc.property(aLatency, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 50 }), (least, shares) => {
      const { window } = governed()
      window(least)
      for (const share of shares) {
        expect(window(least + share * (least * options.growthMax + options.slackMs) * 0.999)).toBe(1)
      }
    }),
  )
})

test('a lasting growth over the bound brings the level to its floor, and its end brings all of it back', () => {
  fc.assert(
    fc.property(aLatency, fc.double({ min: 0.01, max: 1_000, noNaN: true }), (base, beyond) => {
      const { window } = governed()
      window(base)
      const slow = base * (1 + options.growthMax) + options.slackMs + beyond
      for (let at = 0; at < windowsToFloor; at += 1) window(slow)
      expect(window(slow)).toBe(LEVEL_MIN)
      for (let at = 0; at < windowsToTop; at += 1) window(base)
      expect(window(base)).toBe(1)
    }),
  )
})

test('a few slow calls among many are no growth', () => {
  const { window } = governed()
  window(1)
  for (let at = 0; at < 20; at += 1) expect(window(1, 900, 1, 1, 900)).toBe(1)
})

test('a slow start is forgiven: the baseline is the smallest that was seen since', () => {
  const { governor, window } = governed()
  expect(window(500)).toBe(1)
  expect(window(3)).toBe(1)
  expect(governor.baselineMs).toBe(3)
  expect(window(500)).toBe(LEVEL_CUT)
})

test('what is slow for good becomes the baseline, but not before half an hour', () => {
  const { governor, window, pass } = governed()
  window(10)
  let sinceMs = 0
  while (window(100) < 1 && sinceMs < 4 * BASELINE_MS) {
    pass(60_000)
    sinceMs += 60_000
  }
  expect(sinceMs).toBeGreaterThan(BASELINE_MS)
  expect(sinceMs).toBeLessThanOrEqual(3 * BASELINE_MS)
  expect(governor.baselineMs).toBe(100)
})

test('too few calls judge nothing, and those of long ago are not mixed with those of now', () => {
  const governor = new LatencyGovernor(options)
  for (let at = 0; at < WINDOW_CALLS_MIN - 1; at += 1) governor.observe(1, at)
  expect(governor.baselineMs).toBeNull()
  for (let at = 0; at < WINDOW_CALLS_MIN; at += 1) governor.observe(50, 3_600_000 + at * WINDOW_MS)
  expect(governor.baselineMs).toBe(50)
})

test('calls that are so slow that they end in bursts are judged, too', () => {
  const governor = new LatencyGovernor(options)
  for (let at = 0; at < 20; at += 1) governor.observe(1, at * 50)
  for (let burst = 1; burst <= 3; burst += 1) {
    for (let call = 0; call < 16; call += 1) governor.observe(6_000, 10_000 + burst * 6_000 + call)
  }
  expect(governor.level).toBe(LEVEL_CUT ** 2)
  governor.observe(2, 40_000)
  expect(governor.judgedMs, 'the window that was judged, not the latest call').toBe(6_000)
})
