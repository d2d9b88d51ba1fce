import { Cron } from 'croner'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/adapters/digest.ts'
import { createManualClock } from '../../../src/adapters/memory/clock.ts'
import { createMemoryModelStore } from '../../../src/adapters/memory/model-store.ts'
import { SILENT_LOG } from '../../../src/adapters/memory/telemetry.ts'
import { type Scheduled, START_AFTER_MS, Triggers } from '../../../src/flows/predict/triggers.ts'
import type { WarmRequest } from '../../../src/warming/command.ts'
import { completeStrategy } from '../../../src/warming/strategy/strategy.ts'

const START = Date.UTC(2026, 9, 24, 22, 0, 30)
const MINUTE = 60_000
const nightly = completeStrategy('nightly', [])

const scheduled = (cron: string, timezone: string, workspace = 'shop'): Scheduled => {
  const times = new Cron(cron, { timezone, paused: true })
  return { workspace, strategy: nightly, next: (afterMs) => times.nextRun(new Date(afterMs))?.getTime() ?? null }
}

/** A deployment: its processes share a store, a clock and a log of requests. */
function aDeployment() {
  const clock = createManualClock(START)
  const store = createMemoryModelStore()
  const requests: WarmRequest[] = []
  const paused = new Set<string>()
  let isAway = false
  const append = async (request: WarmRequest) => {
    if (isAway) throw new Error('away')
    requests.push(request)
  }
  const isoTime = (timeMs: number) => new Date(timeMs).toISOString()
  const deps = {
    clock,
    store,
    append,
    logger: SILENT_LOG,
    sha256Hex,
    isoTime,
    paused: (one: string) => paused.has(one),
  }
  return {
    ...{ clock, requests, paused },
    ids: () => requests.map(({ id }) => id),
    setAway: (away: boolean) => {
      isAway = away
    },
    process: (plan: Partial<ConstructorParameters<typeof Triggers>[1]>) =>
      new Triggers(deps, { schedules: [], atStart: [], ...plan }),
  }
}

describe('schedules', () => {
  it('fire at their times in their zone, each time once, also over the end of summer time', async () => {
    const { clock, process, requests, ids } = aDeployment()
    const triggers = process({ schedules: [scheduled('30 1,3 * * *', 'Europe/Berlin')] })
    for (let minute = 0; minute < 360; minute += 1) {
      await triggers.round()
      clock.advance(MINUTE)
    }
    expect(ids()).toEqual([
      'schedule/shop/nightly/2026-10-24T23:30:00.000Z',
      'schedule/shop/nightly/2026-10-25T02:30:00.000Z',
    ])
    const [first] = requests
    expect(first).toMatchObject({ workspace: 'shop', strategy: 'nightly', requestedBy: 'schedule', action: 'run' })
    expect((first?.deadlineMs ?? 0) - (first?.requestedAtMs ?? 0)).toBe(nightly.timeLimitMs)
    expect(first?.spec?.selectors).toEqual(nightly.priorityFiles)
  })

  it('give the same run whichever process fires', async () => {
    const { clock, process, requests } = aDeployment()
    const processes = [process, process].map((one) => one({ schedules: [scheduled('* * * * *', 'UTC')] }))
    clock.advance(MINUTE)
    for (const one of processes) await one.round()
    const [one, other] = requests
    expect(one).toEqual(other)
  })

  it('keep a time that passed while the process was started again or the log was away, but not many', async () => {
    const { clock, process, ids, setAway } = aDeployment()
    await process({ schedules: [scheduled('0 22 * * *', 'UTC')] }).round()
    expect(ids()).toEqual(['schedule/shop/nightly/2026-10-24T22:00:00.000Z'])
    const triggers = process({ schedules: [scheduled('* * * * *', 'UTC')] })
    clock.advance(10 * MINUTE)
    setAway(true)
    await expect(triggers.round()).rejects.toThrow('away')
    setAway(false)
    await triggers.round()
    await triggers.round()
    expect(ids().slice(1)).toEqual(['schedule/shop/nightly/2026-10-24T22:10:00.000Z'])
  })

  it('fire nothing while warming is paused', async () => {
    const { clock, process, ids, paused } = aDeployment()
    const triggers = process({ schedules: [scheduled('* * * * *', 'UTC')] })
    paused.add('shop')
    clock.advance(MINUTE)
    await triggers.round()
    paused.clear()
    await triggers.round()
    expect(ids()).toEqual([])
  })

  it('name their runs within the bounds of an id', async () => {
    const { process, ids } = aDeployment()
    await process({ schedules: [scheduled('* * * * *', 'UTC', 'w'.repeat(128))] }).round()
    expect(ids()).toEqual([expect.stringMatching(/^schedule\/[0-9a-f]{16}\/2026-10-24T22:00:00.000Z$/)])
  })
})

describe('the start of a deployment', () => {
  const atStart = [{ workspace: 'shop', strategy: nightly }]

  it('fires once, however many processes begin with it, come later or are started again', async () => {
    const { clock, process, ids } = aDeployment()
    const running = [process({ atStart }), process({ atStart })]
    for (let minute = 0; minute < 30; minute += 1) {
      for (const one of running) await one.round()
      if (minute % 5 === 4) running[minute % 2] = process({ atStart })
      clock.advance(MINUTE)
    }
    expect(new Set(ids()).size).toBe(1)
    expect(ids()[0]).toMatch(/^start\/shop\/nightly\/2026-10-24T/)
  })

  it('fires again when nobody was alive for a while', async () => {
    const { clock, process, ids } = aDeployment()
    await process({ atStart }).round()
    clock.advance(START_AFTER_MS)
    const both = [process({ atStart }), process({ atStart })]
    await Promise.all(both.map((one) => one.round()))
    expect(new Set(ids()).size).toBe(2)
  })

  it('fires when the log is back, if it was away', async () => {
    const { process, ids, setAway } = aDeployment()
    const triggers = process({ atStart })
    setAway(true)
    await expect(triggers.round()).rejects.toThrow('away')
    setAway(false)
    await triggers.round()
    await triggers.round()
    expect(ids()).toHaveLength(1)
  })
})
