import { beforeEach, describe, expect, it } from 'vitest'
import { Planner, type PlannerDeps } from '../../../src/flows/predict/runs/planner.ts'
import { RunNotes } from '../../../src/flows/predict/runs/run-notes.ts'
import { shardKey } from '../../../src/model/identity.ts'
import type { WarmRequest } from '../../../src/warming/command.ts'
import type { FileSelector, RunSpec } from '../../../src/warming/strategy/run-spec.ts'
import { wirePathProblem } from '../../../src/wire/path.ts'
import { eventually } from '../../support/eventually.ts'
import { anAccess, anAccessEvent } from '../../support/records.ts'
import { aRequest, aSpec, type RunWorld, useRunWorld } from '../../support/run-world.ts'

const HOUR = 3_600_000
/** Ten minutes after a full hour, UTC. */
const NOW = 500_000 * HOUR + 600_000
const FILES = ['a.ts', 'b.ts', 'c.ts', 'deep/d.ts', 'deep/e.ts', 'often.ts', 'odd\u0000name', 'list.txt']

const aWorld = useRunWorld()
let world: RunWorld
beforeEach(async () => {
  const texts = new Map(FILES.map((path) => [path, path] as const))
  texts.set('list.txt', '# first these\n./c.ts\n\n  b.ts  \r\n')
  world = await aWorld(texts)
})

const plannerOf = (over: Partial<PlannerDeps> = {}) =>
  new Planner({
    origins: (workspace) => (workspace === 'shop' ? world.origin : null),
    ...{
      models: world.reader,
      folded: world.folded,
      notes: new RunNotes(world.store.notes),
      clock: { now: () => NOW },
    },
    dependencies: async ({ paths }) => ({ depths: new Map(paths.map((path) => [path, 0])), asked: 0, known: 0 }),
    ...{ isName: (path) => wirePathProblem(path) === null, hasValue: () => true, entriesMax: 1_000 },
    ...over,
  })

const plan = async (spec: Partial<RunSpec>, request: Partial<WarmRequest> = {}, over: Partial<PlannerDeps> = {}) => {
  const full = aRequest({ ...request, spec: aSpec(spec) })
  const { entries, ...bounds } = await plannerOf(over).plan(full, aSpec(spec), new AbortController().signal)
  return { lines: entries.map(({ path, reason }) => `${reason} ${path}`), entries, bounds }
}

const one = (kind: FileSelector['kind'], value = '', count = 0): Partial<RunSpec> => ({
  selectors: [{ kind, value, count }],
})

/** Sessions of one analyzer that read these paths one after the other, the first one at `startMs`, then hourly. */
async function sessions(count: number, paths: readonly string[], startMs: number, analyzer = 'tsc'): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const session = `${analyzer}:${startMs}:${at}`
    const accesses = paths.map((path, step) => anAccess({ path, timeMs: startMs + at * HOUR + step }))
    const event = {
      workspace: 'shop',
      session,
      analyzer,
      publisher: session,
      sequence: 0,
      sessionEnded: true,
      accesses,
    }
    const value = await world.codec.encode('access-events', anAccessEvent(event))
    await world.log.append('access-events', [{ key: shardKey('shop', 0), value, headers: new Map() }])
  }
}

const learned = (accesses: number) =>
  eventually(
    () => world.reader.learned('shop'),
    (found) => found?.accesses === accesses,
  )

describe('the files of a plan', () => {
  it('are those that a glob matches, in order, without names that no record can carry', async () => {
    expect((await plan(one('glob', '**'))).lines).toEqual(
      ['a.ts', 'b.ts', 'c.ts', 'deep/d.ts', 'deep/e.ts', 'list.txt', 'often.ts'].map((path) => `glob ${path}`),
    )
    expect((await plan(one('glob', '*.ts', 2))).lines).toEqual(['glob a.ts', 'glob b.ts'])
    expect((await plan(one('glob', './gone.ts'))).lines).toEqual(['glob gone.ts'])
  })

  it('are those of a list, of paths that are named, and of changes, each once with its first reason', async () => {
    world.origin.changedSince = async (ref) => (ref === 'main' ? ['deep/d.ts', 'a.ts'] : [])
    const selectors = [
      { kind: 'list', value: 'list.txt', count: 0 },
      { kind: 'changed', value: 'main', count: 0 },
    ] as const
    expect((await plan({ selectors }, { paths: ['a.ts', 'unread.ts'] })).lines).toEqual([
      'request a.ts',
      'request unread.ts',
      'list c.ts',
      'list b.ts',
      'changed deep/d.ts',
    ])
  })

  it('are refused when a list names what is no path', async () => {
    await expect(plan(one('list', 'list.txt'), {}, { isName: (path) => path !== 'b.ts' })).rejects.toThrow(/b\.ts/)
    await expect(plan(one('list', 'gone.txt'))).rejects.toMatchObject({ code: 'FW_STRATEGY_INVALID' })
  })

  it('are those that the models speak for, as far as the origin still has them', async () => {
    await sessions(3, ['often.ts', 'a.ts', 'deleted.ts'], NOW - 30 * HOUR)
    await sessions(2, ['often.ts', 'b.ts'], NOW - HOUR - 300_000, 'eslint')
    await learned(13)
    expect((await plan(one('mostAccessed', '', 2))).lines).toEqual(['mostAccessed often.ts', 'mostAccessed a.ts'])
    expect((await plan(one('profile', 'eslint', 5))).lines.sort()).toEqual(['profile b.ts', 'profile often.ts'])
    expect((await plan(one('profile', 'nobody'))).lines).toEqual([])
    // Read hourly, last five minutes ago: due in 55 minutes. What was read a day ago every hour is long overdue.
    expect((await plan(one('withinHour', '', 9))).lines).toEqual(['withinHour b.ts'])
  })

  it('are those read most at this hour of the day', async () => {
    await sessions(1, ['a.ts', 'b.ts', 'b.ts'], NOW - 24 * HOUR)
    await sessions(1, ['c.ts', 'c.ts', 'c.ts'], NOW - 20 * HOUR)
    await learned(6)
    expect((await plan(one('peakHour', '', 20))).lines).toEqual(['peakHour b.ts', 'peakHour a.ts'])
  })
})

describe('the order of a plan', () => {
  const depths = new Map([
    ['a.ts', 0],
    ['deep/d.ts', 3],
    ['b.ts', 1],
    ['c.ts', 2],
  ])
  const imports = async () => ({ depths, asked: 3, known: 3 })

  it('is priority files, then what they import by depth; every layer of a file beside it', async () => {
    const given = { ...one('glob', 'a.ts'), dependencyDepth: 3, filesMax: 3 }
    const { lines, bounds, entries } = await plan(given, { layers: ['content', 'ast'] }, { dependencies: imports })
    expect(lines).toEqual(
      ['glob a.ts', 'dependency b.ts', 'dependency c.ts', 'dependency deep/d.ts'].flatMap((line) => [line, line]),
    )
    expect(entries.map(({ layer }) => layer).slice(0, 2)).toEqual(['content', 'ast'])
    expect(bounds).toEqual({ filesWithin: 6, filesNear: 6 })
  })

  it('gives imports a third of the time that is left, and says how many could be followed in it', async () => {
    const asked: number[] = []
    const dependencies = async ({ timeMs }: { readonly timeMs: number }) => {
      asked.push(timeMs)
      return { depths, asked: 9, known: 4 }
    }
    const given = { ...one('glob', 'a.ts'), dependencyDepth: 2 }
    const { bounds } = await plan(given, { deadlineMs: NOW + 6_000 }, { dependencies })
    expect(asked).toEqual([2_000])
    expect(bounds).toMatchObject({ imports: { known: 4, asked: 9 } })
  })

  it('asks for no imports at depth 0, nor when all files are priority files', async () => {
    const dependencies = async () => {
      throw new Error('asked')
    }
    expect((await plan({ ...one('glob', 'a.ts'), dependencyDepth: 0 }, {}, { dependencies })).lines).toHaveLength(1)
    expect((await plan({ ...one('glob', '**'), dependencyDepth: 5 }, {}, { dependencies })).lines).toHaveLength(7)
  })

  it('puts what is read with priority files after them, by strength, and lets later reads judge it if it is to learn', async () => {
    await sessions(6, ['a.ts', 'b.ts'], NOW - 30 * HOUR)
    await sessions(3, ['a.ts', 'c.ts'], NOW - 30 * HOUR + 60_000)
    await learned(18)
    const given = { ...one('glob', 'a.ts'), predictivePrefetch: true, aggressiveness: 'low' } as const
    const { entries } = await plan({ ...given, accessPatternLearning: true })
    expect(entries.map(({ path, reason, depth, horizonAtMs }) => [path, reason, depth, horizonAtMs])).toEqual([
      ['a.ts', 'glob', 0, 0],
      ['b.ts', 'correlation', 1, NOW + HOUR],
    ])
    expect((await plan(given)).entries.every(({ horizonAtMs }) => horizonAtMs === 0)).toBe(true)
  })

  it('is refused when there are more entries than a run may have', async () => {
    await expect(plan(one('glob', '**'), {}, { entriesMax: 6 })).rejects.toMatchObject({ code: 'FW_STRATEGY_INVALID' })
  })
})
