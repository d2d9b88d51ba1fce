import { expect, test } from 'vitest'
import { createManualClock, type ManualClock } from '../../src/adapters/memory/clock.ts'
import { GOVERNOR_HEADER } from '../../src/flows/headers.ts'
import type { WarmDependencies } from '../../src/flows/warm/dependencies.ts'
import { awayError } from '../support/away-error.ts'
import { inTime } from '../support/in-time.ts'
import { messagesOn } from '../support/log-contents.ts'
import { aFile, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

const FILES = 40

const SLACK_MS = 150

/** Warms that many files of both workspaces, and returns the level of each guard afterwards. */
async function twoWorkspaces(slow: (clock: ManualClock, late: boolean) => Promise<void>, lateFiles = FILES) {
  const clock = createManualClock(Date.now())
  let isLate = false
  const answerFor = (work: () => Promise<void>) => async (path: string) => {
    await work()
    return { outcome: 'read' as const, file: { bytes: Buffer.from(path), version: `v-${path}` } }
  }
  const shop = createCountingOrigin(
    new Map(),
    answerFor(() => slow(clock, isLate)),
  )
  const other = createCountingOrigin(
    new Map(),
    answerFor(() => clock.sleep(20)),
  )
  const worker = createWorker({
    origin: shop,
    clock,
    origins: (workspace) => (workspace === 'shop' ? shop : other),
    settings: {
      filesInFlightMax: 8,
      retry: { attemptsMax: 1, baseMs: 1, capMs: 1 },
      governor: { growthMax: 0.5, cacheSlackMs: SLACK_MS, originSlackMs: SLACK_MS },
    },
  })
  const round = (name: string, workspace: string, files: number) =>
    worker.warm(
      Array.from({ length: files }, (_, at) => aFile({ path: `${name}/${at}` })),
      { workspace },
    )
  await inTime(clock, Promise.all([round('a', 'shop', FILES * 4), round('a', 'other', FILES * 4)]))
  isLate = true
  await inTime(clock, Promise.all([round('b', 'shop', lateFiles), round('b', 'other', FILES * 4)]))
  const level = (guards: string, workspace?: string) =>
    worker.telemetry.measures.findLast(
      ({ metric, attributes }) =>
        metric === 'forewarm.warm.governor' && attributes['guards'] === guards && attributes['workspace'] === workspace,
    )?.value
  return {
    ...{ shop: level('origin', 'shop'), other: level('origin', 'other'), cache: level('cache') },
    told: await toldLevels(worker),
  }
}

/** The level that the last outcome of each workspace told beside it. */
async function toldLevels({ log, codec }: Pick<WarmDependencies, 'log' | 'codec'>): Promise<Record<string, number>> {
  const outcomes = await messagesOn({ log, codec }, 'warm-outcomes')
  return Object.fromEntries(outcomes.map(({ workspace, headers }) => [workspace, Number(headers.get(GOVERNOR_HEADER))]))
}

test('an origin that gets slower is asked less, and slows no other workspace', async () => {
  const levels = await twoWorkspaces((clock, isLate) => clock.sleep(isLate ? 4 * SLACK_MS : 20))
  expect(levels.shop).toBeLessThan(1)
  expect(levels).toMatchObject({ other: 1, cache: 1 })
  expect(levels.told).toEqual({ shop: levels.shop, other: 1 })
})

test('an origin that fails counts as a slow one', async () => {
  const levels = await twoWorkspaces(async (clock, isLate) => {
    await clock.sleep(20)
    if (isLate) throw awayError('FW_ORIGIN_UNAVAILABLE')
  }, FILES * 10)
  expect(levels.shop).toBeLessThan(1)
  expect(levels).toMatchObject({ other: 1, cache: 1 })
})
