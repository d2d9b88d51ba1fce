import { expect, test } from 'vitest'
import { WarmLatency } from '../../../src/flows/predict/warm-latency.ts'

test('what was set holds until workers have answered', () => {
  const latency = new WarmLatency(200)
  latency.decidedAfter(10)
  expect(latency.ms).toBe(200)
  latency.warmedAfter(30)
  expect(latency.ms).toBe(40)
})

test('a stall moves nothing, a way that has become slower is known after some commands', () => {
  const latency = new WarmLatency(200)
  for (let nth = 0; nth < 40; nth += 1) latency.warmedAfter(nth % 4 === 0 ? 30_000 : 50)
  expect(latency.ms).toBe(50)
  for (let nth = 0; nth < 40; nth += 1) latency.warmedAfter(700)
  expect(latency.ms).toBe(700)
})

test('what a clock that is far off tells is left out', () => {
  const latency = new WarmLatency(200)
  latency.warmedAfter(3_600_000)
  expect(latency.ms).toBe(200)
  latency.warmedAfter(-20)
  expect(latency.ms).toBe(0)
})
