import { expect, test } from 'vitest'
import { endOf } from '../../../src/warming/run/end.ts'
import { aSpec } from '../../support/run-world.ts'

const there = { outcome: 'warmed', detail: '', files: 3 } as const
const ofNoLanguage = { outcome: 'skipped', detail: 'language', files: 2 } as const
const tally = (counts: Parameters<typeof endOf>[1]['counts'], verified: number) => ({
  ...{ counts, verified },
  ...{ bytes: 0, pressure: 0 },
})
const header = { rest: null, spec: aSpec() }

test('files that have no value in their layer keep no run from being complete, and are told', () => {
  expect(endOf(header, tally([there, ofNoLanguage], 3))).toEqual({ state: 'complete', why: '2 skipped (language)' })
  expect(endOf(header, tally([ofNoLanguage], 0))).toEqual({ state: 'complete', why: '2 skipped (language)' })
  expect(endOf(header, tally([there, ofNoLanguage], 2)).state).toBe('partial')
  expect(endOf({ ...header, rest: 'deadline' }, tally([there, ofNoLanguage], 3)).state).toBe('timedOut')
  expect(endOf(header, tally([there, { ...ofNoLanguage, detail: 'layer' }], 3)).state).toBe('partial')
})
