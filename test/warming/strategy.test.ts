import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { builtInFields, CI_BASE } from '../../src/warming/strategy/presets.ts'
import { AGGRESSIVENESS, type FileSelector } from '../../src/warming/strategy/run-spec.ts'
import { readSelector, SELECTOR_COUNTS, selectorText } from '../../src/warming/strategy/selector.ts'
import { completeStrategy, DERIVED, NO_FIELDS, STRATEGY_BOUNDS } from '../../src/warming/strategy/strategy.ts'
import { toRunSpec, toWarmRequest } from '../../src/warming/strategy/to-run-spec.ts'
import { warmRequestProblem } from '../../src/wire/warm-request.ts'

const preset = (name: 'development' | 'staging' | 'production' | 'ci', cpus = 2) =>
  completeStrategy(name, [builtInFields(name, cpus)])

describe('strategies', () => {
  test("without anything stated a strategy has the manual's defaults", () => {
    expect(completeStrategy('default', [])).toMatchObject({
      dependencyDepth: 2,
      parallelWorkers: 4,
      batchSize: 50,
      predictivePrefetch: true,
      accessPatternLearning: true,
      memoryPressureThreshold: 0.8,
      layers: ['content'],
    })
  })

  test.each([
    ['development', [3, 4, 25, 0.8]],
    ['staging', [2, 6, 50, 0.7]],
    ['production', [2, 8, 75, 0.6]],
  ] as const)("%s is the manual's", (name, figures) => {
    const { dependencyDepth, parallelWorkers, batchSize, memoryPressureThreshold } = preset(name)
    expect([dependencyDepth, parallelWorkers, batchSize, memoryPressureThreshold]).toEqual(figures)
  })

  test('ci warms what git says has changed, by at most eight workers and no more than there are cpus, within a time', () => {
    expect(preset('ci', 4)).toMatchObject({
      priorityFiles: [{ kind: 'changed', value: CI_BASE, count: 0 }],
      dependencyDepth: 2,
      parallelWorkers: 4,
      memoryPressureThreshold: 0.6,
      timeLimitMs: 60_000,
    })
    expect([1, 2, 8, 64].map((cpus) => preset('ci', cpus).parallelWorkers)).toEqual([1, 2, 8, 8])
  })

  test('what is stated wins over the preset, the preset over the knob', () => {
    const own = { ...NO_FIELDS, aggressiveness: 'high', batchSize: 7 } as const
    expect(completeStrategy('mine', [own, builtInFields('staging', 2)])).toEqual({
      ...DERIVED.high,
      dependencyDepth: 2,
      parallelWorkers: 6,
      memoryPressureThreshold: 0.7,
      batchSize: 7,
      aggressiveness: 'high',
      name: 'mine',
    })
  })

  test('the more aggressive, the more is allowed; every value is within its bounds and fits a record', () => {
    const fields = [
      'dependencyDepth',
      'parallelWorkers',
      'batchSize',
      'memoryPressureThreshold',
      'timeLimitMs',
    ] as const
    for (const field of fields) {
      const values = AGGRESSIVENESS.map((knob) => DERIVED[knob][field])
      expect(values).toEqual([...values].sort((left, right) => left - right))
      const { minimum, maximum } = STRATEGY_BOUNDS[field]
      expect(values.every((value) => value >= minimum && value <= maximum)).toBe(true)
    }
    const origin = { id: 'r', workspace: 'w', revision: null, requestedAtMs: 1, requestedBy: '' }
    for (const aggressiveness of AGGRESSIVENESS) {
      const strategy = completeStrategy('s', [{ ...NO_FIELDS, aggressiveness }])
      expect(warmRequestProblem(toWarmRequest(strategy, origin))).toBeNull()
    }
  })
})

describe('a run of a strategy', () => {
  const strategy = preset('development')

  test('takes over every value, and ends after the time limit', () => {
    const origin = { id: 'run', workspace: 'shop', revision: null, requestedAtMs: 1_000, requestedBy: 'anna' }
    expect(toWarmRequest(strategy, origin)).toEqual({
      ...origin,
      action: 'run',
      strategy: 'development',
      paths: [],
      layers: ['content'],
      deadlineMs: 1_000 + strategy.timeLimitMs,
      spec: {
        selectors: strategy.priorityFiles,
        dependencyDepth: 3,
        parallelWorkers: 4,
        batchSize: 25,
        predictivePrefetch: true,
        accessPatternLearning: true,
        pressureMax: 0.8,
        filesMax: strategy.filesMax,
        bytesMax: 0,
        bytesPerSecondMax: 0,
        aggressiveness: 'medium',
        check: false,
        retryOf: null,
      },
    })
  })

  test('paths and selectors of a wish take the place of the priority files; a retry has none of its own', () => {
    const changed: FileSelector = { kind: 'changed', value: 'main', count: 0 }
    const wish = { paths: [], selectors: [], check: false, retryOf: null }
    expect(toRunSpec(strategy, { ...wish, paths: ['a.ts'] }).selectors).toEqual([])
    expect(toRunSpec(strategy, { ...wish, selectors: [changed] }).selectors).toEqual([changed])
    expect(toRunSpec(strategy, { ...wish, retryOf: 'former' })).toMatchObject({ selectors: [], retryOf: 'former' })
  })
})

describe('selectors', () => {
  test.each([
    ['src/**/*.py', { kind: 'glob', value: 'src/**/*.py', count: 0 }],
    ['mostAccessed', { kind: 'mostAccessed', value: '', count: SELECTOR_COUNTS.mostAccessed }],
    ['mostAccessed:5', { kind: 'mostAccessed', value: '', count: 5 }],
    ['profile:es:lint:30', { kind: 'profile', value: 'es:lint', count: 30 }],
    ['profile:eslint', { kind: 'profile', value: 'eslint', count: SELECTOR_COUNTS.profile }],
    ['peakHour', { kind: 'peakHour', value: '', count: 20 }],
    ['withinHour:7', { kind: 'withinHour', value: '', count: 7 }],
    ['changed:origin/main', { kind: 'changed', value: 'origin/main', count: 0 }],
    ['list:ci/hot.txt', { kind: 'list', value: 'ci/hot.txt', count: 0 }],
    ['glob:peakHour', { kind: 'glob', value: 'peakHour', count: 0 }],
    ['profile', { kind: 'glob', value: 'profile', count: 0 }],
  ])('%s', (text, selector) => {
    expect(readSelector(text)).toEqual(selector)
  })

  test.each([
    ['mostAccessed:many', 'count'],
    ['mostAccessed:0', 'count'],
    ['profile:', 'value'],
    ['changed:', 'value'],
    ['list:../secrets', 'inside'],
    ['list:.git/config', 'inside'],
    ['src/', 'slash'],
    [`changed:${'x'.repeat(257)}`, 'longer'],
  ])('%s is refused', (text, reason) => {
    const read = readSelector(text)
    expect('problem' in read && read.problem).toContain(reason)
  })

  test('written and read again, a selector is the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('list:a', 'peakHour', 'profile:x:9', 'glob:list:a')),
        (text) => {
          const read = readSelector(text)
          fc.pre(!('problem' in read))
          expect(readSelector(selectorText(read))).toEqual(read)
        },
      ),
    )
  })
})
