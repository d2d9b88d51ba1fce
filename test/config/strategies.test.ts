import { describe, expect, test } from 'vitest'
import { settingsFrom } from '../../src/config/load.ts'
import { needStrategy, schedulesOf, strategiesFromYaml, strategyOf } from '../../src/config/strategies.ts'
import { ForewarmError } from '../../src/ports/errors.ts'

const CPUS = 4

function complaint(run: () => unknown): string {
  try {
    run()
  } catch (fault) {
    if (fault instanceof ForewarmError) return `${fault.code} ${fault.message}`
    throw fault
  }
  return 'no complaint'
}

const settings = (text: string) => settingsFrom({ file: { name: 'site.yaml', text } })
const file = (text: string) => () => strategiesFromYaml(text, 'my.yaml')

const GOOD = `
strategies:
  nightly:
    preset: production
    priorityFiles: [mostAccessed:500, "src/**/*.py"]
    batchSize: 100
    schedule: [{cron: "0 3 * * 1-5", timeZone: Europe/Berlin}]
  ci:
    timeLimitMs: 5000
`

describe('strategies by name', () => {
  test('a file gives strategies over presets, one of a preset’s name over that preset', () => {
    const strategies = strategiesFromYaml(GOOD, 'my.yaml')
    expect(strategyOf({ strategies }, CPUS)('nightly')).toMatchObject({
      name: 'nightly',
      priorityFiles: [
        { kind: 'mostAccessed', value: '', count: 500 },
        { kind: 'glob', value: 'src/**/*.py', count: 0 },
      ],
      parallelWorkers: 8,
      batchSize: 100,
      memoryPressureThreshold: 0.6,
    })
    expect(strategyOf({ strategies }, CPUS)('ci')).toMatchObject({ timeLimitMs: 5_000, parallelWorkers: CPUS })
    expect(strategyOf({ strategies }, CPUS)('other')).toBeNull()
  })

  test('the same fields are settings, with the schedules of a strategy and of a workspace', () => {
    const read = settings(`${GOOD}
workspaces:
  shop:
    origin: {directory: /srv/shop}
    schedule: [{cron: "*/5 * * * *", strategy: staging}]
    atStart: [nightly]
    onPush: ci
`)
    expect(strategyOf(read, CPUS)('nightly')?.batchSize).toBe(100)
    expect(schedulesOf(read)).toEqual([
      { workspace: 'shop', strategy: 'staging', cron: '*/5 * * * *', timeZone: 'UTC' },
      { workspace: 'shop', strategy: 'nightly', cron: '0 3 * * 1-5', timeZone: 'Europe/Berlin' },
    ])
    expect(read.workspaces.get('shop')).toMatchObject({ atStart: ['nightly'], onPush: 'ci', onCheckout: null })
  })

  test('an unknown name is an error that says the nearest', () => {
    expect(complaint(() => needStrategy(settings(''), 'producton', CPUS))).toBe(
      'FW_STRATEGY_INVALID there is no strategy "producton", did you mean production?',
    )
    const workspace = 'workspaces: {shop: {origin: {directory: .}, onPush: stagin}}'
    expect(complaint(() => settings(workspace))).toContain(
      'workspaces.shop.onPush: there is no strategy "stagin", did you mean staging?',
    )
  })
})

describe('a bad strategy file says file, line, column, field and the mend', () => {
  test.each([
    [
      'strategies:\n  a:\n    batchsize: 3\n',
      'my.yaml:3:5: unknown setting strategies.a.batchsize, did you mean batchSize?',
    ],
    [
      'strategies:\n  a: {dependencyDepth: 9}\n',
      'my.yaml:2:7: strategies.a.dependencyDepth must be a whole number from 1 to 5 or nothing, not 9',
    ],
    [
      'strategies:\n  a:\n    preset: prod\n',
      'my.yaml:3:5: strategies.a.preset must be one of development, staging, production, ci or nothing, not "prod"',
    ],
    [
      'strategies:\n  a:\n    priorityFiles:\n      - src/*.py\n      - src/**.py\n',
      'my.yaml:5:9: strategies.a.priorityFiles: "src/**.py" has `**` beside',
    ],
    [
      'strategies:\n  a:\n    priorityFiles: src\n',
      'my.yaml:3:5: strategies.a.priorityFiles must be a list of texts or nothing, not "src"',
    ],
    [
      'strategies:\n  a:\n    schedule:\n      - cron: "0 25 * * *"\n',
      'my.yaml:4:9: strategies.a.schedule.0.cron: "0 25 * * *" is no cron pattern',
    ],
    [
      'strategies:\n  a:\n    schedule:\n      - {cron: "0 1 * * *", timeZone: Mars/Base}\n',
      'my.yaml:4:29: strategies.a.schedule.0.timeZone: "Mars/Base" is no time zone',
    ],
    [
      'strategies:\n  a:\n    schedule:\n      - timeZone: UTC\n',
      'my.yaml:4:9: strategies.a.schedule.0.cron is missing',
    ],
    ['strategies:\n  a:\n    schedule: nightly\n', 'my.yaml:3:5: strategies.a.schedule must be a list'],
    ['strategies:\n  "a b": {}\n', 'my.yaml:2:3: "a b" is no name for strategies'],
    ['strategies:\n  a: [', 'my.yaml:2:'],
    ['nightly: {}\n', 'my.yaml:1:1: unknown setting nightly; there are strategies'],
    ['', 'my.yaml: holds no strategies'],
  ])('%j', (text, said) => {
    expect(complaint(file(text))).toContain(`FW_STRATEGY_INVALID ${said}`)
  })

  test('everything that is wrong is said at once', () => {
    const said = complaint(file('strategies:\n  a: {batchSize: 0, layer: x}\n  b: {filesMax: -1}\n'))
    expect(said.split('\n')).toHaveLength(3)
  })
})
