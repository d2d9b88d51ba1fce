import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/adapters/digest.ts'
import { createManualClock } from '../../../src/adapters/memory/clock.ts'
import { createMemoryModelStore } from '../../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../../src/adapters/memory/telemetry.ts'
import { GraphKeeper } from '../../../src/flows/predict/graph-keeper.ts'
import { createLearnedSource, type LearnedSourceDeps } from '../../../src/flows/predict/learned-source.ts'
import type { Access } from '../../../src/model/access.ts'
import { shortId } from '../../../src/model/identity.ts'
import type { WarmOutcome, WarmOutcomeKind } from '../../../src/model/outcome.ts'
import type { ClosedSequence } from '../../../src/ports/model-reader.ts'
import { awayError } from '../../support/away-error.ts'
import { FILES, LEARNED_OPTIONS, START, sessionEvent } from '../../support/learned.ts'

const make = (over: Partial<LearnedSourceDeps> = {}, capacityFiles: number = LEARNED_OPTIONS.capacityFiles) => {
  const deps = { models: { closedSessions: async () => [] }, notes: createMemoryModelStore().notes, logger: SILENT_LOG }
  return createLearnedSource({ ...deps, ...over }, { ...LEARNED_OPTIONS, capacityFiles })
}

type Source = ReturnType<typeof make>

const anAccess = (path: string, timeMs: number): Access => ({
  ...{ path, timeMs, layer: 'content', version: null, outcome: 'unknown', warmedBy: null },
})

const anOutcome = (path: string, outcome: WarmOutcomeKind, over: Partial<WarmOutcome> = {}): WarmOutcome => ({
  ...{ commandId: 'c', workspace: 'w', shard: 0, runId: null, worker: 'x', issuedAtMs: START, mode: 'warm' },
  ...{ firstFile: 0, pressure: 0 },
  files: [
    {
      ...{ path, layer: 'content', version: null, outcome, detail: '', bytes: 0, finishedAtMs: START + 70 },
      ...{ reason: 'sequence', probability: 1, horizonAtMs: START + 60_000 },
    },
  ],
  ...over,
})

/** Plays one session over `<analyzer>/0`, `/1`, ...; returns how often each file was predicted before its read. */
async function play(source: Source, session: string, startMs: number, after = async (_: readonly string[]) => {}) {
  const predicted = new Map<string, number>()
  const analyzer = session.split('-')[0]
  for (let at = 0; at < FILES; at += 1) {
    await source.follow?.(
      sessionEvent(session, { accesses: [anAccess(`${analyzer}/${at}`, startMs + at * 20)] }),
      false,
    )
    const paths = (await source.observe({ workspace: 'w', session } as never)).map(({ path }) => path)
    for (const path of paths) predicted.set(path, (predicted.get(path) ?? 0) + 1)
    await after(paths)
  }
  return predicted
}

/** Two analyzers take turns, so that each finds the cache full of the other's files. */
async function taught(source: Source): Promise<void> {
  for (let round = 0; round < 12; round += 1)
    for (const [nth, analyzer] of ['lint', 'types'].entries())
      await play(source, `${analyzer}-${round}`, START + round * 60_000 + nth * 30_000)
}

const LATER = START + 12 * 60_000

describe('the learned source hears', () => {
  it('that a file is not at the origin: nobody asks for it again until it is read', async () => {
    const source = make()
    await taught(source)
    const first = await play(source, 'lint-20', LATER, async (paths) => {
      if (paths.includes('lint/30')) await source.warmed?.(anOutcome('lint/30', 'missing'))
    })
    expect(first.get('lint/30')).toBe(1)
    expect(first.size).toBeGreaterThan(FILES / 2)
  })

  it('that a file was skipped: it is asked for again, but not at every read', async () => {
    const source = make()
    await taught(source)
    const answered = async (paths: readonly string[]) => {
      for (const path of paths) await source.warmed?.(anOutcome(path, 'skipped'))
    }
    const skipped = await play(source, 'lint-20', LATER, answered)
    const again = await play(source, 'lint-21', LATER + 60_000, answered)
    expect(again.size).toBeGreaterThan(FILES / 4)
    expect(Math.max(...skipped.values(), ...again.values())).toBeLessThan(4)
  })

  it('that a file was changed: its value is another one, and is asked for though the old one is there', async () => {
    const source = make({}, 400)
    await taught(source)
    expect((await play(source, 'lint-20', LATER)).size).toBe(0)
    const changes = [{ path: 'lint/20', timeMs: LATER + 900, version: 'v2' }]
    await source.follow?.(sessionEvent('change', { changes }), false)
    expect([...(await play(source, 'lint-21', LATER + 1_000)).keys()]).toEqual(['lint/20'])
  })

  it('that a file was deleted: it is no candidate any more', async () => {
    const source = make()
    await taught(source)
    const changes = [{ path: 'lint/30', timeMs: LATER, version: null }]
    await source.follow?.(sessionEvent('change', { changes }), false)
    const predicted = await play(source, 'lint-20', LATER)
    expect(predicted.has('lint/30')).toBe(false)
    expect(predicted.size).toBeGreaterThan(FILES / 2)
  })

  it('that a workspace is to be forgotten', async () => {
    const source = make()
    await taught(source)
    await source.follow?.(sessionEvent('forget', { forget: true }), false)
    expect((await play(source, 'lint-20', LATER)).size).toBe(0)
  })

  it('what was not issued after all: it is not taken for cached', async () => {
    const source = make()
    await taught(source)
    await play(source, 'lint-20', LATER, async (paths) => source.notIssued?.('w', paths))
    const asked = await play(source, 'lint-21', LATER + 60_000, async (paths) => source.notIssued?.('w', paths))
    expect(asked.size).toBeGreaterThan(FILES / 4)
  })

  it('how long warms take, and looks further ahead then', async () => {
    const ahead = async (tookMs: number) => {
      const clock = createManualClock(START)
      const source = make({ clock })
      await taught(source)
      for (let nth = 0; nth < 50; nth += 1) {
        const [file] = anOutcome('elsewhere', 'warmed').files
        const files = file === undefined ? [] : [{ ...file, finishedAtMs: START + tookMs }]
        await source.warmed?.(anOutcome('elsewhere', 'warmed', { files }))
      }
      const accesses = [anAccess('lint/0', LATER), anAccess('lint/1', LATER + 20)]
      await source.follow?.(sessionEvent('lint-30', { accesses }), false)
      const found = await source.observe({ workspace: 'w', session: 'lint-30' } as never)
      // A renewal keeps what leaves next, however far ahead it is.
      const ahead = found.filter(({ path, reason }) => path.startsWith('lint/') && reason !== 'renewal')
      return Math.max(...ahead.map(({ path }) => Number(path.split('/')[1])))
    }
    expect(await ahead(200)).toBeGreaterThan(await ahead(1))
  })
})

describe('sources that share a workspace', () => {
  it('learn each the sessions that the other followed, once they are stored, and none twice', async () => {
    const stored: ClosedSequence[] = []
    let read = 0
    const closedSessions = async (_: string, countMax: number, isWanted = (_: string) => true) => {
      const wanted = stored.slice(-countMax).filter(({ session }) => isWanted(session))
      read += wanted.length
      return wanted
    }
    const clock = createManualClock(START)
    const sources = [make({ models: { closedSessions }, clock }), make({ models: { closedSessions }, clock })]
    const shardOf = (session: string) => Number.parseInt(shortId(session, sha256Hex).slice(-1), 16) % 4
    let ownStored = 0
    for (let round = 0; round < 12; round += 1) {
      for (const analyzer of ['lint', 'types']) {
        const session = `${analyzer}-${round}`
        const owner = sources[shardOf(session) % 2]
        if (owner === undefined) continue
        await play(owner, session, clock.now())
        const reads = Array.from({ length: FILES }, (_, at) => ({
          path: `${analyzer}/${at}`,
          timeMs: clock.now() + at,
        }))
        stored.push({ session, analyzer, reads })
        ownStored += 1
        clock.advance(30_000)
      }
    }
    // What one source followed itself it never reads; each of the rest once.
    for (const source of sources) await source.tick('w', clock.now())
    expect(read).toBe(ownStored)
    for (const [nth, source] of sources.entries()) {
      // The other analyzer's files first: what a source takes for cached it does not ask for.
      await play(source, `types-${100 + nth}`, clock.now())
      clock.advance(30_000)
      const predicted = await play(source, `lint-${100 + nth}`, clock.now())
      expect(predicted.size).toBeGreaterThan(FILES / 2)
      clock.advance(60_000)
    }
  })
})

describe('the graph of a workspace', () => {
  const graph = {
    files: Array.from({ length: 30 }, (_, at) => `src/${at}.ts`),
    edges: Array.from({ length: 29 }, (_, at) => [`src/${at}.ts`, `src/${at + 1}.ts`] as const),
  }
  const keeperOf = (load: () => Promise<typeof graph | null>, clock = createManualClock(START)) =>
    new GraphKeeper({ load, clock, logger: SILENT_LOG }, { pauseMs: 1_000, freshMs: 60_000 })

  it('comes while predictions go on without it, and is used from then on', async () => {
    let release = (_: typeof graph) => {}
    const graphs = keeperOf(
      () =>
        new Promise((resolve) => {
          release = resolve
        }),
    )
    const source = make({ graphs })
    for (const session of ['a-1', 'a-2']) await play(source, session, START)
    release(graph)
    await graphs.run()
    const names = async () => {
      const paths = new Set<string>()
      for (let at = 0; at < 25; at += 1) {
        const accesses = [anAccess(`src/${at}.ts`, START + 90_000 + at * 20)]
        await source.follow?.(sessionEvent('b-1', { accesses }), false)
        for (const { path } of await source.observe({ workspace: 'w', session: 'b-1' } as never)) paths.add(path)
      }
      return paths
    }
    await names()
    expect(await source.rank?.({ workspace: 'w', session: 'b-1' }, 10)).toContain('src/25.ts')
    await graphs.stop()
  })

  it('is made anew after changes, at most once in a while, and not asked for again where there is none', async () => {
    const clock = createManualClock(START)
    let looks = 0
    const graphs = keeperOf(async () => {
      looks += 1
      return graph
    }, clock)
    const taken: unknown[] = []
    graphs.follow('w', (given) => taken.push(given))
    await graphs.run()
    for (let nth = 0; nth < 5; nth += 1) {
      graphs.changed('w')
      await graphs.run()
    }
    expect(looks).toBe(1)
    clock.advance(1_000)
    await graphs.run()
    await graphs.run()
    expect([looks, taken.length]).toEqual([2, 2])
    const none = keeperOf(async () => {
      looks += 1
      return null
    }, clock)
    none.follow('w', () => taken.push('never'))
    for (let nth = 0; nth < 3; nth += 1) {
      await none.run()
      none.changed('w')
      clock.advance(100_000)
    }
    expect([looks, taken.length]).toEqual([3, 2])
  })

  it('is not taken by a workspace that left meanwhile', async () => {
    const taken: unknown[] = []
    const graphs = keeperOf(async () => {
      graphs.leave('w')
      return graph
    })
    graphs.follow('w', (given) => taken.push(given))
    await graphs.run()
    expect(taken).toEqual([])
  })

  it('is looked for again when an origin was away, and predictions go on meanwhile', async () => {
    const clock = createManualClock(START)
    let isAway = true
    const graphs = keeperOf(async () => {
      if (isAway) throw awayError('FW_ORIGIN_UNAVAILABLE')
      return graph
    }, clock)
    const taken: unknown[] = []
    graphs.follow('w', (given) => taken.push(given))
    await graphs.run()
    isAway = false
    clock.advance(60_000)
    await graphs.run()
    expect(taken).toEqual([graph])
  })
})
