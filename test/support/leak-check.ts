import { afterAll, expect } from 'vitest'
import { liveChildren } from './services/reaper.ts'

/** After every test file: whoever starts a server or a process of its own stops it. */
afterAll(() => {
  expect(liveChildren(), 'processes that a test started and did not stop').toEqual([])
})
