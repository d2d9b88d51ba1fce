import { describe, expect, it } from 'vitest'
import { createManualClock } from '../../../src/adapters/memory/clock.ts'
import { RunNotes } from '../../../src/flows/predict/runs/run-notes.ts'
import { ForewarmError } from '../../../src/ports/errors.ts'
import type { NoteStore } from '../../../src/ports/notes.ts'
import { eventually } from '../../support/eventually.ts'
import { inTime } from '../../support/in-time.ts'
import { aRequest, aSpec, someFiles, useRunWorld } from '../../support/run-world.ts'
import { contentKey } from '../../support/warm-worker.ts'

const PLACE = { partition: 0, offset: 0 }
const ALL = [{ kind: 'glob', value: '**', count: 0 }] as const
const aWorld = useRunWorld()

describe('a run', () => {
  it('warms every file, verifies each, and only then is complete', async () => {
    const { startWorker, coordinator, ended, files, isCached, commands, telemetry } = await aWorld()
    await startWorker()
    coordinator().accept(aRequest(), PLACE)
    const end = await ended('run-1')
    expect(end).toMatchObject({ state: 'complete', why: '', rest: null })
    expect(end.tally).toMatchObject({ verified: 30, counts: [{ outcome: 'warmed', detail: '', files: 30 }] })
    for (const line of await files(end)) expect(line).toMatch(/^src\/\d+\.ts warmed verified$/)
    for (const path of someFiles(30).keys()) expect(await isCached(path)).toBe(true)
    const issued = await commands()
    expect(issued.every(({ parallelMax, shard, runId }) => parallelMax === 1 && shard === 0 && runId === 'run-1')).toBe(
      true,
    )
    expect(
      issued.filter(({ mode }) => mode === 'check').flatMap(({ files }) => files.map(({ version }) => version)),
    ).not.toContain(null)
    expect(telemetry.total('forewarm.runs.ended', { state: 'complete' })).toBe(1)
    expect(telemetry.total('forewarm.runs.files', { outcome: 'warmed' })).toBe(30)
  })

  it('does nothing the second time but find all there; the same id again is the same run', async () => {
    const { startWorker, coordinator, ended, origin, commands } = await aWorld()
    await startWorker()
    const runs = coordinator()
    runs.accept(aRequest(), PLACE)
    await ended('run-1')
    const [reads, issued] = [origin.reads.length, (await commands()).length]
    runs.accept(aRequest(), PLACE)
    runs.accept(aRequest({ id: 'run-2' }), { partition: 0, offset: 1 })
    const end = await ended('run-2')
    expect(end).toMatchObject({ state: 'complete', tally: { counts: [{ outcome: 'present', files: 30 }] } })
    expect(origin.reads.length - reads).toBeLessThanOrEqual(30)
    expect((await commands()).filter(({ runId }) => runId === 'run-1')).toHaveLength(issued)
  })

  it('ends partial with a true list, and a retry takes only what failed', async () => {
    const texts = someFiles(20)
    const { startWorker, coordinator, ended, files, origin, commands } = await aWorld(texts)
    await startWorker()
    const runs = coordinator()
    origin.answer = async (path) => (path === 'src/003.ts' ? { outcome: 'denied', detail: 'link' } : null)
    const paths = [...texts.keys(), 'src/gone.ts']
    runs.accept(aRequest({ paths, spec: aSpec() }), PLACE)
    const end = await ended('run-1')
    expect(end).toMatchObject({ state: 'partial', why: expect.stringContaining('1 denied (link)') })
    expect((await files(end)).filter((line) => !line.endsWith('warmed verified'))).toEqual([
      'src/003.ts denied link',
      'src/gone.ts missing',
    ])
    delete origin.answer
    texts.set('src/gone.ts', 'back')
    runs.accept(aRequest({ id: 'run-2', spec: aSpec({ retryOf: 'run-1' }) }), { partition: 0, offset: 1 })
    const retried = await ended('run-2')
    expect(retried).toMatchObject({ state: 'complete', tally: { verified: 2 } })
    const again = (await commands()).filter(({ runId, mode }) => runId === 'run-2' && mode === 'warm')
    expect(again.flatMap((command) => command.files).map(({ path, reason }) => `${reason} ${path}`)).toEqual([
      'retry src/003.ts',
      'retry src/gone.ts',
    ])
  })

  it('says what went from the cache before it was verified', async () => {
    const { startWorker, coordinator, ended, files, cache } = await aWorld()
    await startWorker()
    const runs = coordinator({
      append: async (commands, append) => {
        if (commands.some(({ mode }) => mode === 'check')) await cache.clear(contentKey('', '').workspaceId)
        await append(commands)
      },
    })
    runs.accept(aRequest(), PLACE)
    const end = await ended('run-1')
    expect(end.state).toBe('failed')
    expect((await files(end)).every((line) => line.endsWith('failed evicted'))).toBe(true)
  })

  it('only looks when it is to check', async () => {
    const { startWorker, coordinator, ended, isCached, commands } = await aWorld()
    await startWorker()
    const runs = coordinator()
    runs.accept(aRequest({ paths: ['src/001.ts', 'src/002.ts'], spec: aSpec() }), PLACE)
    await ended('run-1')
    runs.accept(aRequest({ id: 'run-2', spec: aSpec({ selectors: ALL, check: true }) }), { partition: 0, offset: 1 })
    const end = await ended('run-2')
    expect(end).toMatchObject({ state: 'partial', tally: { verified: 2 } })
    expect(end.tally?.counts).toContainEqual({ outcome: 'cold', detail: '', files: 28 })
    expect((await commands()).filter(({ runId }) => runId === 'run-2').every(({ mode }) => mode === 'check')).toBe(true)
    expect(await isCached('src/003.ts')).toBe(false)
  })

  it('stops for pressure, verifies what it has warmed, and says so', async () => {
    const { startWorker, coordinator, ended } = await aWorld(someFiles(60))
    let warmed = 0
    const pressure = () => {
      warmed += 1
      return warmed > 20 ? 0.85 : 0.3
    }
    await startWorker({ pressure })
    coordinator().accept(aRequest(), PLACE)
    const end = await ended('run-1')
    expect(end).toMatchObject({ state: 'partial', rest: 'pressure', why: expect.stringContaining('pressure') })
    expect(end.tally?.verified).toBeGreaterThan(0)
    expect(end.tally?.counts.reduce((sum, { files }) => sum + files, 0)).toBe(60)
  })

  it('keeps to its limits of files and bytes, and counts what they leave out', async () => {
    const { startWorker, coordinator, ended } = await aWorld()
    await startWorker()
    const runs = coordinator()
    runs.accept(aRequest({ spec: aSpec({ selectors: ALL, filesMax: 12 }) }), PLACE)
    const first = await ended('run-1')
    expect(first).toMatchObject({ state: 'partial', tally: { verified: 12 } })
    expect(first.tally?.counts).toContainEqual({ outcome: 'skipped', detail: 'limit', files: 18 })
    const spec = aSpec({ selectors: [{ kind: 'glob', value: 'src/02*', count: 0 }], bytesMax: 20, parallelWorkers: 1 })
    runs.accept(aRequest({ id: 'run-2', spec }), { partition: 0, offset: 1 })
    const second = await ended('run-2')
    expect(second).toMatchObject({ state: 'partial', tally: { bytes: 14, verified: 2 } })
    expect(second.tally?.counts).toContainEqual({ outcome: 'skipped', detail: 'limit', files: 8 })
  })

  it('ends cancelled, when it is cancelled, with what was done', async () => {
    const { startWorker, coordinator, ended, origin } = await aWorld(someFiles(60))
    const reached = Promise.withResolvers<void>()
    origin.answer = async () => {
      if (origin.reads.length > 10) reached.resolve()
      return null
    }
    await startWorker()
    const runs = coordinator()
    runs.accept(aRequest(), PLACE)
    await reached.promise
    runs.accept(aRequest({ action: 'cancel' }), { partition: 0, offset: 1 })
    const end = await ended('run-1')
    expect(end).toMatchObject({ state: 'cancelled', rest: 'cancelled' })
    expect(end.tally?.counts.some(({ detail }) => detail === 'cancelled')).toBe(true)
    expect(end.tally?.counts.reduce((sum, { files }) => sum + files, 0)).toBe(60)
  })

  it('ends at its deadline, also when no worker ever answers', async () => {
    const clock = createManualClock(Date.now())
    const { coordinator, ended } = await aWorld(someFiles(30), clock)
    coordinator().accept(aRequest({ deadlineMs: clock.now() + 300 }), PLACE)
    const end = await inTime(clock, ended('run-1'))
    expect(end).toMatchObject({ state: 'timedOut', rest: 'deadline' })
    expect(end.tally?.counts).toEqual([{ outcome: 'skipped', detail: 'deadline', files: 30 }])
    expect(end.endedAtMs).toBeLessThan(end.deadlineMs + 250)
  })

  it('ends at its deadline while it is planned, or waits for its turn', async () => {
    const { coordinator, ended, origin } = await aWorld()
    origin.list = async function* (signal) {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const runs = coordinator({ options: { runsAtOnce: 1 } })
    runs.accept(aRequest({ deadlineMs: Date.now() + 200 }), PLACE)
    runs.accept(aRequest({ id: 'run-2', deadlineMs: Date.now() + 100 }), { partition: 0, offset: 1 })
    for (const id of ['run-1', 'run-2'])
      expect(await ended(id)).toMatchObject({
        state: 'timedOut',
        planned: null,
        why: expect.stringContaining('planned'),
      })
  })

  it('stops while warming is paused', async () => {
    const { startWorker, coordinator, ended, origin } = await aWorld()
    await startWorker()
    coordinator({ paused: () => true }).accept(aRequest(), PLACE)
    expect(await ended('run-1')).toMatchObject({
      state: 'failed',
      why: expect.stringContaining('paused'),
      tally: { counts: [{ outcome: 'skipped', detail: 'paused', files: 30 }] },
    })
    expect(origin.reads).toEqual([])
  })

  it('says what planning waits for while an origin stays away, and so when its time is over', async () => {
    const clock = createManualClock(Date.now())
    const { coordinator, ended, store } = await aWorld(someFiles(30), clock)
    const dependencies = async () => {
      throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'nobody answers', { retriable: true })
    }
    const spec = aSpec({ selectors: [{ kind: 'glob', value: 'src/000.ts', count: 0 }], dependencyDepth: 1 })
    coordinator({ dependencies }).accept(aRequest({ spec, deadlineMs: clock.now() + 2_000 }), PLACE)
    const name = { workspace: 'shop', id: 'run-1' }
    const waiting = await eventually(
      () => new RunNotes(store.notes).header(name),
      (header) => header !== null && header.why !== '',
      { what: 'a cause', everyMs: 5 },
    )
    const why = 'waits for what is away: FW_ORIGIN_UNAVAILABLE: nobody answers'
    expect(waiting).toMatchObject({ state: 'planning', why, endedAtMs: null })
    const end = await inTime(clock, ended('run-1'))
    expect(end).toMatchObject({ state: 'timedOut', why: `its time was over before it was planned; it ${why}` })
  })

  it('tells why it could not be planned', async () => {
    const { coordinator, ended, origin } = await aWorld()
    const runs = coordinator()
    const unlistable = new ForewarmError('FW_ORIGIN_UNLISTABLE', 'there is no listing')
    origin.list = async function* () {
      yield* []
      throw unlistable
    }
    const bad = [
      [aRequest({ id: 'a', workspace: 'other' }), 'FW_CONFIG_INVALID'],
      [aRequest({ id: 'b' }), 'FW_ORIGIN_UNLISTABLE'],
      [aRequest({ id: 'c', spec: null }), 'FW_STRATEGY_INVALID'],
      [aRequest({ id: 'd', spec: aSpec({ retryOf: 'never' }) }), 'FW_RUN_UNKNOWN'],
      [
        aRequest({ id: 'e', spec: aSpec({ selectors: [{ kind: 'list', value: 'x', count: 0 }] }) }),
        'FW_STRATEGY_INVALID',
      ],
    ] as const
    for (const [offset, [request]] of bad.entries()) runs.accept(request, { partition: 0, offset })
    for (const [request, code] of bad.slice(1)) {
      expect(await ended(request.id)).toMatchObject({ state: 'failed', why: expect.stringContaining(code) })
    }
  })

  it('takes the paths alone where the strategy is not known', async () => {
    const { startWorker, coordinator, ended, files } = await aWorld()
    await startWorker()
    coordinator().accept(aRequest({ spec: null, paths: ['src/004.ts', 'src/002.ts'] }), PLACE)
    const end = await ended('run-1')
    expect(await files(end)).toEqual(['src/004.ts warmed verified', 'src/002.ts warmed verified'])
  })

  it('begins no command while the ones before are open, and none of a run that waits', async () => {
    const { coordinator, commands } = await aWorld()
    const runs = coordinator({ options: { runsAtOnce: 1 } })
    runs.accept(aRequest(), PLACE)
    runs.accept(aRequest({ id: 'run-2' }), { partition: 0, offset: 1 })
    const issued = await eventually(commands, (found) => found.length >= 6)
    const ids = new Set(issued.map(({ id }) => id))
    expect([...ids].sort()).toEqual(['run-1/0', 'run-1/4', 'run-1/8'])
  })

  it('leaves nothing behind that goes on looking once it has ended', async () => {
    const { startWorker, coordinator, ended, store, clock } = await aWorld()
    await startWorker()
    let looks = 0
    const notes: NoteStore = {
      ...store.notes,
      get: (group, names) => {
        looks += 1
        return store.notes.get(group, names)
      },
    }
    const runs = coordinator({ notes })
    runs.accept(aRequest(), PLACE)
    await ended('run-1')
    await eventually(
      () => runs.resumeOffset(0, 1),
      (offset) => offset === 1,
    )
    const before = looks
    expect(before).toBeGreaterThan(0)
    await clock.sleep(50)
    expect(looks).toBe(before)
  })

  it('commits no further than the oldest request that has not ended, and refuses more than it can hold', async () => {
    const { startWorker, coordinator, ended } = await aWorld()
    const runs = coordinator({ options: { runsMax: 2 } })
    expect(runs.accept(aRequest(), { partition: 0, offset: 5 })).toBe(true)
    expect(runs.accept(aRequest({ id: 'run-2', spec: aSpec() }), { partition: 0, offset: 6 })).toBe(true)
    expect(runs.accept(aRequest({ id: 'run-3' }), { partition: 0, offset: 7 })).toBe(false)
    await ended('run-2')
    expect([runs.resumeOffset(0, 7), runs.resumeOffset(1, 9)]).toEqual([5, 9])
    await startWorker()
    await ended('run-1')
    await eventually(
      () => runs.resumeOffset(0, 7),
      (offset) => offset === 7,
    )
  })
})
