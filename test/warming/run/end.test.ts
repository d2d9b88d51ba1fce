import { expect, test } from 'vitest'
import { endOf } from '../../../src/warming/run/end.ts'
import { aSpec } from '../../support/run-world.ts'

const there = { outcome: 'warmed', detail: '', files: 3 } as const
const ofNoLanguage = { outcome: 'skipped', detail: 'language', files: 2 } as const
const tally = (counts: Parameters<typeof endOf>[1]['counts'], verified: number) => ({
  ...{ counts, verified },
  ...{ bytes: 0, pressure: 0 },
})
const header = { rest: null, spec: aSpec(), planned: null }

test('a run whose imports could not all be followed in time says so, whatever it ends as', () => {
  const planned = { plan: 'p', files: 3, filesWithin: 3, filesNear: 3, plannedAtMs: 0 }
  const why = 'dependencies incomplete: parsed 4 of 9 files in time'
  const lacking = { ...header, planned: { ...planned, imports: { known: 4, asked: 9 } } }
  expect(endOf(lacking, tally([there], 3))).toEqual({ state: 'complete', why })
  expect(endOf(lacking, tally([there, ofNoLanguage], 2))).toEqual({
    state: 'partial',
    why: `2 skipped (language); ${why}`,
  })
  expect(endOf({ ...header, planned }, tally([there], 3)).why).toBe('')
})

test('files that have no value in their layer keep no run from being complete, and are told', () => {
  expect(endOf(header, tally([there, ofNoLanguage], 3))).toEqual({ state: 'complete', why: '2 skipped (language)' })
  expect(endOf(header, tally([ofNoLanguage], 0))).toEqual({ state: 'complete', why: '2 skipped (language)' })
  expect(endOf(header, tally([there, ofNoLanguage], 2)).state).toBe('partial')
  expect(endOf({ ...header, rest: 'deadline' }, tally([there, ofNoLanguage], 3)).state).toBe('timedOut')
  expect(endOf(header, tally([there, { ...ofNoLanguage, detail: 'layer' }], 3)).state).toBe('partial')
})
