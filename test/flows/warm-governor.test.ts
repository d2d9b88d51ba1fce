import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ForewarmError } from '../../src/ports/errors.ts'
import { aFile, createCountingOrigin, createWorker } from '../support/warm-worker.ts'

const FILES = 40

/** No busy test machine goes beyond it. */
const SLACK_MS = 150

/** Warms that many files of both workspaces, and returns the level of each guard afterwards. */
async function twoWorkspaces(slow: (path: string, late: boolean) => Promise<void>, lateFiles = FILES) {
  let isLate = false
  const answerFor = (work: (path: string) => Promise<void>) => async (path: string) => {
    await work(path)
    return { outcome: 'read' as const, file: { bytes: Buffer.from(path), version: `v-${path}` } }
  }
  const shop = createCountingOrigin(
    new Map(),
    answerFor((path) => slow(path, isLate)),
  )
  const other = createCountingOrigin(
    new Map(),
    answerFor(() => pause(20)),
  )
  const worker = createWorker({
    origin: shop,
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
  await Promise.all([round('a', 'shop', FILES * 4), round('a', 'other', FILES * 4)])
  isLate = true
  await Promise.all([round('b', 'shop', lateFiles), round('b', 'other', FILES * 4)])
  const level = (guards: string, workspace?: string) =>
    worker.telemetry.measures.findLast(
      ({ metric, attributes }) =>
        metric === 'forewarm.warm.governor' && attributes['guards'] === guards && attributes['workspace'] === workspace,
    )?.value
  return { shop: level('origin', 'shop'), other: level('origin', 'other'), cache: level('cache') }
}

test('an origin that gets slower is asked less, and slows no other workspace', async () => {
  const levels = await twoWorkspaces((_, isLate) => pause(isLate ? 4 * SLACK_MS : 20))
  expect(levels.shop).toBeLessThan(1)
  expect(levels).toMatchObject({ other: 1, cache: 1 })
})

test('an origin that fails counts as a slow one', async () => {
  const levels = await twoWorkspaces(async (_, isLate) => {
    await pause(20)
    if (isLate) throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'away', { retriable: true })
  }, FILES * 10)
  expect(levels.shop).toBeLessThan(1)
  expect(levels).toMatchObject({ other: 1, cache: 1 })
})
