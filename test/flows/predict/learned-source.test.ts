import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/adapters/digest.ts'
import { createMemoryModelStore } from '../../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../../src/adapters/memory/telemetry.ts'
import { createModelReader } from '../../../src/adapters/near-cache/model-reader.ts'
import { createLearnedSource } from '../../../src/flows/predict/learned-source.ts'
import type { AccessEvent } from '../../../src/model/access.ts'
import { DEFAULT_LIMITS } from '../../../src/model/limits.ts'
import type { WarmOutcome } from '../../../src/model/outcome.ts'
import type { JournalEntry } from '../../../src/ports/decision-journal.ts'
import { ForewarmError } from '../../../src/ports/errors.ts'
import { FILES, LEARNED_OPTIONS, START, sessionEvent } from '../../support/learned.ts'

type Further = Partial<Parameters<typeof createLearnedSource>[0] & Parameters<typeof createLearnedSource>[1]>

const make = (store = createMemoryModelStore(), { clock, journal, ...further }: Further = {}) => {
  const reader = createModelReader(store, {
    limits: DEFAULT_LIMITS,
    sha256Hex,
    now: () => START,
    freshMs: 0,
    entriesMax: 1_000,
  })
  const given = { ...(clock && { clock }), ...(journal && { journal }) }
  return createLearnedSource(
    { models: reader, notes: store.notes, logger: SILENT_LOG, ...given },
    { ...LEARNED_OPTIONS, ...further },
  )
}

const read = (session: string, path: string, timeMs: number): AccessEvent =>
  sessionEvent(session, {
    accesses: [{ path, timeMs, layer: 'content', version: null, outcome: 'unknown', warmedBy: null }],
  })

/** Two analyzers take turns over files of their own, so that each finds the cache full of the other's. */
async function run(source: ReturnType<typeof make>, rounds: number, silent = false): Promise<Map<number, number>> {
  const predictedAhead = new Map<number, number>()
  for (let round = 0; round < rounds; round += 1) {
    for (const analyzer of ['lint', 'types']) {
      const session = `${analyzer}-${round}`
      const predicted = new Set<string>()
      for (let at = 0; at < FILES; at += 1) {
        const path = `${analyzer}/${at}`
        if (predicted.has(path)) predictedAhead.set(round, (predictedAhead.get(round) ?? 0) + 1)
        const timeMs = START + round * 60_000 + (analyzer === 'lint' ? 0 : 30_000) + at * 20
        await source.follow?.(read(session, path, timeMs), silent)
        for (const candidate of await source.observe({ workspace: 'w', session } as never))
          predicted.add(candidate.path)
      }
    }
  }
  return predictedAhead
}

/** Highest probability of the second session of an analyzer. */
async function surest(source: ReturnType<typeof make>): Promise<number> {
  await run(source, 1, true)
  await source.follow?.(read('lint-1', 'lint/0', START + 60_000), false)
  const candidates = await source.observe({ workspace: 'w', session: 'lint-1' } as never)
  return Math.max(...candidates.map(({ probability }) => probability))
}

describe('the learned candidates', () => {
  it('name most of a session ahead once a few like it have been read, and nothing of the first ones', async () => {
    const ahead = await run(make(), 12)
    expect(ahead.get(0) ?? 0).toBe(0)
    expect(ahead.get(11) ?? 0).toBeGreaterThan(FILES)
  })

  it('say nothing while they only catch up, but learn', async () => {
    const source = make()
    expect((await run(source, 12, true)).size).toBe(0)
    expect((await run(source, 1)).get(0) ?? 0).toBeGreaterThan(FILES / 2)
  })

  it('are kept for no session that has ended before anybody asked', async () => {
    const source = make()
    await run(source, 12)
    const session = { workspace: 'w', session: 'lint-12' } as never
    const readAt = (at: number) => read('lint-12', `lint/${at}`, START + 720_000 + at * 20)
    await source.follow?.(readAt(0), false)
    expect(await source.observe(session)).not.toEqual([])
    await source.follow?.(readAt(1), false)
    await source.follow?.({ ...readAt(2), accesses: [], sessionEnded: true }, false)
    expect(await source.observe(session)).toEqual([])
  })

  it('name each file of a batch of reads once, and none that the batch itself has read', async () => {
    const source = make()
    await run(source, 12)
    const batch = Array.from({ length: 10 }, (_, at) => read('lint-12', `lint/${at}`, START + 720_000 + at * 20))
    const [first] = batch
    if (first === undefined) throw new RangeError('a batch has reads')
    await source.follow?.({ ...first, accesses: batch.flatMap(({ accesses }) => accesses) }, false)
    const paths = (await source.observe({ workspace: 'w', session: 'lint-12' } as never)).map(({ path }) => path)
    expect(paths.length).toBeGreaterThan(0)
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.filter((path) => batch.some(({ accesses }) => accesses[0]?.path === path))).toEqual([])
  })

  it('hand the weights on to the next process', async () => {
    const store = createMemoryModelStore()
    const first = make(store)
    await run(first, 12)
    await first.syncWeights()
    const second = make(store)
    await second.syncWeights()
    // Nothing of the workspace is stored, so both name the same files; the taught one knows how sure it is.
    const [taught, untaught] = [await surest(second), await surest(make())]
    expect(taught).toBeGreaterThan(untaught)
  })

  it('name what sessions of another workspace read next, in another process too, and not where that is switched off', async () => {
    const store = createMemoryModelStore()
    const first = make(store)
    await run(first, 1)
    await first.syncPrecedents()
    const namedBy = async (source: ReturnType<typeof make>) => {
      await source.syncPrecedents()
      const event = { ...read('lint-0', 'lint/3', START + 60_000), workspace: 'another' }
      await source.follow?.(event, false)
      const weighed = await source.weigh?.({ workspace: 'another', session: 'lint-0' })
      return weighed?.files.filter(({ sources }) => sources.includes('precedent')).map(({ path }) => path)
    }
    const twelve = Array.from({ length: 12 }, (_, nth) => `lint/${4 + nth}`)
    expect((await namedBy(make(store)))?.sort()).toEqual(twelve.sort())
    expect(await namedBy(make(store, { without: ['precedent'] }))).toEqual([])
  })

  it('go by what other processes move in the cache, also in the midst of a batch, and without it while the store is away', async () => {
    const store = createMemoryModelStore()
    let [nowMs, tries, isAway] = [START, 0, false]
    const notes: typeof store.notes = {
      ...store.notes,
      put: async (...given) => {
        tries += 1
        if (isAway) throw new ForewarmError('FW_STORE_UNAVAILABLE', 'away', { retriable: true })
        return store.notes.put(...given)
      },
    }
    const clock = { now: () => nowMs, monotonicMs: () => nowMs }
    const [one, other] = ['one', 'other'].map((process) =>
      createLearnedSource(
        {
          models: createModelReader(store, {
            ...{ limits: DEFAULT_LIMITS, sha256Hex, now: clock.now, freshMs: 0, entriesMax: 1_000 },
          }),
          ...{ notes, logger: SILENT_LOG, clock, process },
        },
        { ...LEARNED_OPTIONS, capacityFiles: 20 },
      ),
    )
    const statusOf = async (path: string) =>
      (await one?.weigh?.({ workspace: 'w', session: 'a' }))?.files.find((file) => file.path === path)?.fate
    const follow = async (source: typeof one, event: AccessEvent) => {
      nowMs += 200
      await source?.follow?.(event, false)
    }
    // A second session that goes the way of the first has its next files for candidates.
    for (let at = 0; at < 8; at += 1) await follow(one, read('b', `own/${at}`, nowMs))
    await follow(one, read('a', 'own/0', nowMs))
    expect(await statusOf('own/2')).toBe('cached')
    for (let at = 0; at < 30; at += 1) await follow(other, { ...read('c', `its/${at}`, nowMs), workspace: 'v' })
    await follow(one, read('a', 'own/1', nowMs))
    expect(await statusOf('own/2')).not.toBe('cached')
    isAway = true
    const before = tries
    for (let at = 10; at < 20; at += 1) await follow(one, read('b', `own/${at}`, nowMs))
    expect(tries - before).toBe(1)
    isAway = false
    await one?.exchangeMovements()
    const since = tries
    await follow(one, read('b', 'own/20', nowMs))
    expect(tries - since).toBeGreaterThan(0)
  })

  it('are noted in the journal, each with the read that it rests on, also where the batch goes on to read the file', async () => {
    const noted: JournalEntry[] = []
    const source = make(undefined, { journal: { note: (entry) => noted.push(entry) } })
    await run(source, 12, true)
    expect(noted).toEqual([])
    const batch = Array.from({ length: 10 }, (_, at) => read('lint-12', `lint/${at}`, START + 720_000 + at * 20))
    const accesses = batch.flatMap((event) => event.accesses)
    await source.follow?.({ ...read('lint-12', '', 0), accesses }, false)
    const readMs = new Map(accesses.map(({ path, timeMs }) => [path, timeMs]))
    expect(noted.length).toBeGreaterThan(0)
    for (const { atMs, path, session } of noted) {
      expect(session).toBe('lint-12')
      expect(accesses.map(({ timeMs }) => timeMs)).toContain(atMs)
      expect(readMs.get(path) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(atMs)
    }
    const ahead = noted.filter(({ path }) => readMs.has(path))
    expect(ahead.length).toBeGreaterThan(0)
  })

  it('go on to take in what others have followed when the clock of the machine is set back', async () => {
    let [nowMs, steadyMs, looks] = [START, 0, 0]
    const clock = { now: () => nowMs, monotonicMs: () => steadyMs }
    const models = {
      closedSessions: async () => {
        looks += 1
        return []
      },
    }
    const { notes } = createMemoryModelStore()
    const source = createLearnedSource({ models, notes, logger: SILENT_LOG, clock }, LEARNED_OPTIONS)
    await source.follow?.(read('one', 'a', nowMs), false)
    const before = looks
    nowMs -= 3_600_000
    steadyMs += 1_000
    await source.follow?.(read('two', 'a', nowMs), false)
    expect(looks).toBeGreaterThan(before)
  })

  it('are late by what warms took of late, unless it was set what they take', async () => {
    const clock = { now: () => START, monotonicMs: () => 0 }
    const fates = async (further: Further) => {
      const source = make(undefined, { clock, ...further })
      await run(source, 12, true)
      for (let nth = 0; nth < 70; nth += 1) await source.warmed?.(warmedAfter(30_000))
      await source.follow?.(read('lint-12', 'lint/0', START + 720_000), true)
      const weighed = await source.weigh?.({ workspace: 'w', session: 'lint-12' })
      return new Set(weighed?.files.map(({ fate }) => fate))
    }
    expect([...(await fates({}))]).toContain('late')
    expect([...(await fates({ isLatencyPinned: true }))]).not.toContain('late')
  })
})

const warmedAfter = (tookMs: number): WarmOutcome => ({
  ...{ commandId: 'c', workspace: 'w', shard: 0, issuedAtMs: START, runId: null, worker: 'one', mode: 'warm' },
  ...{ firstFile: 0, pressure: 0 },
  files: [
    {
      ...{ path: 'lint/0', layer: 'content', version: null, outcome: 'warmed', detail: '', bytes: 1 },
      ...{ finishedAtMs: START + tookMs, reason: 'co-access', probability: 0.5, horizonAtMs: START },
    },
  ],
})
