import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCacheWarmer, type OpenCacheWarmer } from '../../src/library.ts'
import { eventually } from '../support/eventually.ts'

let folder: string
let warmer: OpenCacheWarmer

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forewarm-warmer-'))
  mkdirSync(join(folder, 'src'))
  for (let at = 0; at < 12; at += 1) writeFileSync(join(folder, `src/f${at}.py`), `import f${(at + 1) % 12}\n`)
  warmer = await createCacheWarmer({ workspace: 'shop', directory: folder })
})

afterEach(async () => {
  await warmer.close()
  rmSync(folder, { recursive: true, force: true })
})

it('a second run of the same strategy finds everything there, and the statistics tell both', async () => {
  const strategy = { name: 'all', priorityFiles: ['src/*.py'] }
  const first = await warmer.warmCacheIntelligently(strategy)
  expect(first).toMatchObject({ state: 'complete', filesPlanned: 12, filesWarmed: 12, filesPresent: 0 })
  const second = await warmer.warmCacheIntelligently(strategy)
  expect(second).toMatchObject({ state: 'complete', filesPlanned: 12, filesWarmed: 0, filesPresent: 12 })
  expect(await warmer.warmingStats()).toMatchObject({ warmingSessions: 2, filesWarmed: 12 })
  expect(await warmer.memoryUsage()).toMatchObject({ entries: 12, unreadWarms: 12 })
  expect(await warmer.clearCache()).toBe(12)
})

it('progress never shows the whole before the run has ended', async () => {
  const steps: [number, number][] = []
  await warmer.warmCacheIntelligently({ name: 'all', priorityFiles: ['src/*.py'] }, (current, total) =>
    steps.push([current, total]),
  )
  expect(steps.at(-1)).toEqual([12, 12])
  expect(steps.slice(0, -1).every(([current]) => current < 12)).toBe(true)
  expect(steps.map(([current]) => current)).toEqual(steps.map(([current]) => current).toSorted((a, b) => a - b))
})

it('a tracked access is learned with the files that were read with it', async () => {
  warmer.trackAccess('src/f3.py', ['src/f1.py', 'src/f2.py'])
  await warmer.flush()
  const pattern = await eventually(
    () => warmer.patterns.pattern('src/f3.py'),
    (found) => found?.coAccessedFiles.size === 2,
  )
  expect(pattern?.accessFrequency).toBe(1)
  expect([...(pattern?.coAccessedFiles.keys() ?? [])].sort()).toEqual(['src/f1.py', 'src/f2.py'])
})

it('the first read after a warm finds its value, and counts as a miss prevented', async () => {
  await warmer.warmCacheIntelligently({ name: 'one', priorityFiles: ['src/f5.py'] })
  expect(new TextDecoder().decode((await warmer.read('src/f5.py')) ?? undefined)).toBe('import f6\n')
  await warmer.flush()
  await eventually(
    () => warmer.warmingStats(),
    (stats) => stats.cacheMissesPrevented === 1,
  )
  expect(await warmer.hitRate()).toBe(1)
})

it('a read is followed by warming what is read with it, by name, and by nothing where nothing is known', async () => {
  writeFileSync(join(folder, 'src/[id].py'), 'x = 1\n')
  expect(await warmer.predictiveWarming('src/f7.py')).toBeNull()
  for (let round = 0; round < 5; round += 1) warmer.trackAccess('src/f7.py', ['src/[id].py', 'src/f8.py'])
  await warmer.flush()
  await eventually(
    () => warmer.patterns.relatedFiles('src/f7.py'),
    (related) => related.length === 2,
  )
  const warmed = await warmer.predictiveWarming('src/f7.py')
  expect(warmed).toMatchObject({ state: 'complete', filesPlanned: 2 })
  // The stages of this program may have predicted them already.
  expect((warmed?.filesWarmed ?? 0) + (warmed?.filesPresent ?? 0)).toBe(2)
  expect(warmed?.memoryPressure).toBeLessThanOrEqual(1)
})

it('a strategy by its name fills the layers of the warmer, and its own where it has some', async () => {
  const both = await createCacheWarmer({
    ...{ workspace: 'shop', directory: folder, layers: ['content', 'ast'] },
    settings: {
      embedded: { file: join(folder, '.forewarm/own.sqlite') },
      strategies: { plain: { preset: 'development', layers: ['content'], priorityFiles: ['src/*.py'] } },
    },
  })
  try {
    const { filesPlanned } = await both.warmCacheIntelligently('plain')
    expect((await both.warmCacheIntelligently('development')).filesPlanned).toBe(2 * filesPlanned)
  } finally {
    await both.close()
  }
})

it('a strategy that asks for what cannot be is refused, with the field', async () => {
  await expect(warmer.warmCacheIntelligently({ name: 'bad', dependencyDepth: 9 })).rejects.toMatchObject({
    code: 'FW_STRATEGY_INVALID',
    message: 'strategy "bad": dependencyDepth is 9: it takes 1 to 5',
  })
  await expect(warmer.warmCacheIntelligently('prodction')).rejects.toMatchObject({ code: 'FW_STRATEGY_INVALID' })
})

it('a run that is given up ends as cancelled', async () => {
  const signal = AbortSignal.abort()
  const { state } = await warmer.warmCacheIntelligently({ name: 'all', priorityFiles: ['src/*.py'] }, undefined, {
    signal,
  })
  expect(state).toBe('cancelled')
})
