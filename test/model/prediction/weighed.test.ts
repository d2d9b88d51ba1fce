import { expect, test } from 'vitest'
import { createPredictor } from '../../../src/model/prediction/learned.ts'

const FILES = 60
const options = { capacityFiles: 20, latencyMs: 0, aggressiveness: 'medium' } as const

/** Sessions of one tool that walk the same files, each with some left out, in a cache that holds a third of them. */
function reads() {
  const all: { session: string; path: string; timeMs: number }[] = []
  for (let session = 0; session < 12; session += 1) {
    for (let file = 0; file < FILES; file += 1) {
      if ((file * 7 + session * 3) % 11 === 0) continue
      all.push({ session: `s${session}`, path: `f${file}.ts`, timeMs: session * 100_000 + file * 50 })
    }
  }
  return all.map((one) => ({ ...one, workspace: 'w', analyzer: 'lint', outcome: null }))
}

test('looking at what is weighed changes nothing of what is decided', () => {
  const [looked, left] = [createPredictor(options), createPredictor(options)]
  let predicted = 0
  for (const read of reads()) {
    const decided = looked.observe(read)
    looked.weighed(read.session)
    looked.weighed(read.session)
    expect(decided).toEqual(left.observe(read))
    predicted += decided.length
  }
  expect(predicted).toBeGreaterThan(200)
})

test('a session shows what it will read with evidence, and what comes of each file', () => {
  const predictor = createPredictor(options)
  const fates = new Set<string>()
  let [right, dated, asked] = [0, 0, 0]
  const all = reads()
  for (const [at, read] of all.entries()) {
    const decided = predictor.observe(read)
    const weighed = predictor.weighed(read.session)
    if (weighed === null) throw new Error('the session is open')
    expect(weighed).toMatchObject({ session: read.session, analyzer: 'lint', lastReadMs: read.timeMs })
    const byPath = new Map(weighed.files.map((file) => [file.path, file]))
    expect(byPath.size).toBe(weighed.files.length)
    for (const file of weighed.files) {
      fates.add(file.fate)
      expect(file.sources.length).toBeGreaterThan(0)
      if (file.fate === 'warm') expect(file.probability).toBeGreaterThanOrEqual(weighed.threshold)
      if (file.fate === 'unlikely') expect(file.probability).toBeLessThan(weighed.threshold)
    }
    expect(weighed.files.map(({ probability }) => probability)).toEqual(
      weighed.files.map(({ probability }) => probability).sort((one, other) => other - one),
    )
    // What was just asked for is told as asked for, not as still to come.
    asked += decided.filter(({ path }) => byPath.get(path)?.fate === 'asked').length
    // Renewals come first, and in so small a cache the warms that follow age them at once.
    const warms = decided.filter(({ reason }) => reason !== 'renewal')
    expect(warms.filter(({ path }) => byPath.get(path)?.fate === 'warm')).toEqual([])
    const next = all[at + 1]
    if (read.session < 's6' || next?.session !== read.session) continue
    const told = byPath.get(next.path)
    right += Number(told !== undefined)
    dated += Number(told?.distance === 1 || told?.distance === 2)
  }
  expect([...fates]).toEqual(expect.arrayContaining(['unlikely', 'cached', 'asked']))
  expect(asked).toBeGreaterThan(200)
  expect(right).toBeGreaterThan(200)
  expect(dated).toBeGreaterThan(150)
  expect(predictor.weighed('nobody')).toBeNull()
})
