import { describe, expect, it } from 'vitest'
import type { RunCoordinator } from '../../../src/flows/predict/runs/coordinator.ts'
import type { EventLog } from '../../../src/ports/event-log.ts'
import type { FoldedRuns } from '../../../src/ports/model-reader.ts'
import type { NoteStore } from '../../../src/ports/notes.ts'
import { eventually } from '../../support/eventually.ts'
import { aRequest, createRunWorld, someFiles, useRunWorld } from '../../support/run-world.ts'

const PLACE = { partition: 0, offset: 0 }
const aWorld = useRunWorld()

class Killed extends Error {}

/** Nothing is taken for lost but what may never have got to the log, however slow the machine is. */
const PATIENT = { pollMs: 2, reissueMs: 600_000, unsureMs: 200, graceMs: 100, closingMs: 50 }

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
  })

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
