import { afterEach, describe, expect, it } from 'vitest'
import type { RunCoordinator } from '../../../src/flows/predict/runs/coordinator.ts'
import { RunNotes } from '../../../src/flows/predict/runs/run-notes.ts'
import { ForewarmError } from '../../../src/ports/errors.ts'
import type { EventLog } from '../../../src/ports/event-log.ts'
import type { FoldedRuns } from '../../../src/ports/model-reader.ts'
import type { NoteStore } from '../../../src/ports/notes.ts'
import { eventually } from '../../support/eventually.ts'
import { aRequest, aSpec, createRunWorld, type RunWorld, someFiles } from '../../support/run-world.ts'
import { contentKey } from '../../support/warm-worker.ts'

const PLACE = { partition: 0, offset: 0 }
const ALL = [{ kind: 'glob', value: '**', count: 0 }] as const

let world: RunWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

async function aWorld(files = someFiles(30)): Promise<RunWorld> {
  world = await createRunWorld(files)
  return world
}

class Killed extends Error {}

/** Nothing is taken for lost but what may never have got to the log, however slow the machine is. */
const PATIENT = { pollMs: 2, reissueMs: 600_000, unsureMs: 200, graceMs: 100, closingMs: 50 }

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
    const { startWorker, coordinator, ended, origin, commands } = await aWorld()
    await startWorker()
    const runs = coordinator()
    runs.accept(aRequest({ paths: ['src/001.ts', 'src/002.ts'], spec: aSpec() }), PLACE)
    await ended('run-1')
    const reads = origin.reads.length
    runs.accept(aRequest({ id: 'run-2', spec: aSpec({ selectors: ALL, check: true }) }), { partition: 0, offset: 1 })
    const end = await ended('run-2')
    expect(end).toMatchObject({ state: 'partial', tally: { verified: 2 } })
    expect(end.tally?.counts).toContainEqual({ outcome: 'cold', detail: '', files: 28 })
    expect((await commands()).filter(({ runId }) => runId === 'run-2').every(({ mode }) => mode === 'check')).toBe(true)
    expect(origin.reads.length - reads).toBeGreaterThanOrEqual(0)
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
    const { coordinator, ended } = await aWorld()
    coordinator().accept(aRequest({ deadlineMs: Date.now() + 300 }), PLACE)
    const end = await ended('run-1')
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
    const { coordinator, ended, store } = await aWorld()
    const dependencies = async () => {
      throw new ForewarmError('FW_ORIGIN_UNAVAILABLE', 'nobody answers', { retriable: true })
    }
    const spec = aSpec({ selectors: [{ kind: 'glob', value: 'src/000.ts', count: 0 }], dependencyDepth: 1 })
    coordinator({ dependencies }).accept(aRequest({ spec, deadlineMs: Date.now() + 2_000 }), PLACE)
    const name = { workspace: 'shop', id: 'run-1' }
    const waiting = await eventually(
      () => new RunNotes(store.notes).header(name),
      (header) => header !== null && header.why !== '',
      { what: 'a cause', everyMs: 5 },
    )
    const why = 'waits for what is away: FW_ORIGIN_UNAVAILABLE: nobody answers'
    expect(waiting).toMatchObject({ state: 'planning', why, endedAtMs: null })
    const end = await ended('run-1')
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

describe('a run whose coordinator dies', () => {
  /** A store and a log that end the process that uses them at the n-th write; `after`: once it is written. */
  const dyingAt = (notes: NoteStore, at: number, after: boolean) => {
    let writes = 0
    const deadly = async <Result>(write: () => Promise<Result>): Promise<Result> => {
      writes += 1
      if (writes > at || (writes === at && !after)) throw new Killed()
      const result = await write()
      if (writes === at) throw new Killed()
      return result
    }
    const dying: NoteStore = {
      ...notes,
      put: (group, some) => deadly(() => notes.put(group, some)),
      putNew: (group, name, value) => deadly(() => notes.putNew(group, name, value)),
      drop: (group) => deadly(() => notes.drop(group)),
    }
    return { notes: dying, deadly }
  }

  it('goes on in another process wherever the first one died: nothing lost, nothing asked for twice but what was under way', async () => {
    let at = 0
    for (let survived = false; !survived; at += 1) {
      const { startWorker, coordinator, ended, store, origin, files, commands, close } = await createRunWorld(
        someFiles(20),
      )
      await startWorker()
      const { notes, deadly } = dyingAt(store.notes, Math.ceil((at + 1) / 2), at % 2 === 1)
      const options = { times: PATIENT }
      const first: RunCoordinator = coordinator({
        notes,
        options,
        append: (given, append) => deadly(() => append(given)),
      })
      first.accept(aRequest(), PLACE)
      survived = await Promise.race([
        ended('run-1').then(() => true),
        first.failed.catch((cause) => {
          if (!(cause instanceof Killed)) throw cause
          return false
        }),
      ])
      coordinator({ options: { times: PATIENT } }).accept(aRequest(), PLACE)
      const end = await ended('run-1')
      expect(end, `killed at write ${at}`).toMatchObject({ state: 'complete', tally: { verified: 20 } })
      expect(await files(end)).toHaveLength(20)
      expect(new Set(origin.reads).size).toBe(20)
      const issued = await commands()
      const cuts = new Map<string, number>()
      for (const { id, files: some } of issued) {
        expect(cuts.get(id) ?? some.length).toBe(some.length)
        cuts.set(id, some.length)
      }
      // Each command once; once more at most those three that were open when the first process died.
      expect(issued.length - cuts.size, `killed at write ${at}`).toBeLessThanOrEqual(3)
      const asked = issued.filter(({ mode }) => mode === 'warm').reduce((sum, { files: some }) => sum + some.length, 0)
      expect(origin.reads.length, `killed at write ${at}`).toBeLessThanOrEqual(asked)
      await close()
    }
    expect(at).toBeGreaterThan(20)
  }, 60_000)

  it('goes on when outcomes are lost and repeated, and when the workers are away for a while', async () => {
    const { startWorker, coordinator, ended, log } = await aWorld()
    let count = 0
    const outcomes: EventLog['append'] = async (topic, records) => {
      count += 1
      if (count % 3 === 1) return []
      if (count % 3 === 2) await log.append(topic, records)
      return log.append(topic, records)
    }
    const worker = await startWorker({ outcomes })
    coordinator().accept(aRequest(), PLACE)
    await eventually(
      () => count,
      (seen) => seen > 4,
    )
    await worker.stop()
    await startWorker({ outcomes })
    const end = await ended('run-1')
    expect(end).toMatchObject({ state: 'complete', tally: { verified: 30 } })
  })

  it('waits for answers that its store had and lost, until they are folded again', async () => {
    const { startWorker, coordinator, ended, folded } = await aWorld()
    await startWorker()
    let lost = 0
    const forgetful: FoldedRuns = {
      ...folded,
      run: async (workspace, id) => {
        const run = await folded.run(workspace, id)
        const isChecked = run?.check.reduce((sum, { files }) => sum + files, 0) === 30
        if (run === null || !isChecked || lost >= 5) return run
        lost += 1
        return { ...run, ends: run.ends.map((end) => ({ ...end, files: end.files - 1 })) }
      },
    }
    coordinator({ folded: forgetful }).accept(aRequest(), PLACE)
    const end = await ended('run-1')
    expect(end).toMatchObject({ state: 'complete', tally: { verified: 30 } })
    expect(lost).toBe(5)
  })

  it('is ended once, though two processes carry it out side by side', async () => {
    const { startWorker, coordinator, ended, telemetry, files } = await aWorld(someFiles(60))
    await startWorker()
    const request = aRequest()
    const runs = [coordinator(), coordinator()]
    for (const one of runs) one.accept(request, PLACE)
    const end = await ended('run-1')
    await eventually(
      () => runs.map((one) => one.resumeOffset(0, 1)),
      (offsets) => offsets.every((offset) => offset === 1),
    )
    expect(end).toMatchObject({ state: 'complete', tally: { verified: 60 } })
    expect(await files(end)).toHaveLength(60)
    expect(telemetry.total('forewarm.runs.ended')).toBe(1)
  })

  it('is given up without a trace of failure when its partition goes elsewhere', async () => {
    const { startWorker, coordinator, ended, commands } = await aWorld()
    const first = coordinator()
    first.accept(aRequest(), PLACE)
    await eventually(commands, (found) => found.length > 0)
    await first.revoked([0])
    expect(first.resumeOffset(0, 1)).toBe(1)
    await startWorker()
    coordinator().accept(aRequest(), PLACE)
    expect((await ended('run-1')).state).toBe('complete')
  })
})
