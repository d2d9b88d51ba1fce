import { describe, expect, test } from 'vitest'
import { createPredictor } from '../../../src/model/prediction/learned.ts'
import { analyzerOfSession, type Predictor, type PredictorAccess } from '../../../src/model/prediction/predictor.ts'
import { HEAD, Scorer } from '../../../src/model/prediction/scorer.ts'

const OPTIONS = { capacityFiles: 50, latencyMs: 0, aggressiveness: 'medium' } as const

function access(session: string, path: string, timeMs: number): PredictorAccess {
  return { workspace: 'shop', session, analyzer: 'lint', path, timeMs, outcome: 'miss' }
}

/** Plays a session of `count` files from `prefix`; returns all predicted paths. */
function play(predictor: Predictor, session: { id: string; prefix: string; count: number; startMs: number }): string[] {
  const { id, prefix, count, startMs } = session
  return Array.from({ length: count }, (_, nth) => access(id, `${prefix}/f${nth}.ts`, startMs + nth * 10))
    .flatMap((one) => predictor.observe(one))
    .map(({ path }) => path)
}

describe('the learned predictor', () => {
  test('expects in a session what followed in an earlier one of the same analyzer', () => {
    const predictor = createPredictor(OPTIONS)
    for (let run = 0; run < 12; run++) {
      play(predictor, { id: `run${run}`, prefix: `part${run % 3}`, count: 60, startMs: run * 4_000_000 })
    }
    const predicted = play(predictor, { id: 'last', prefix: 'part0', count: 20, startMs: 90_000_000 })
    expect(predicted).toContain('part0/f21.ts')
    expect(predicted.every((path) => path.startsWith('part0/'))).toBe(true)
    const next = Array.from({ length: 20 }, (_, nth) => `part0/f${20 + nth}.ts`)
    expect(next).toEqual(expect.arrayContaining([...predictor.rank('last', 5)]))
  })

  test('learns as well from stored sessions, so that a restart does not begin from nothing', () => {
    const predictor = createPredictor(OPTIONS)
    const reads = Array.from({ length: 40 }, (_, nth) => ({ path: `part/f${nth}.ts`, timeMs: nth * 10 }))
    for (let run = 0; run < 3; run++) predictor.learnSession({ session: `old${run}`, analyzer: 'lint', reads })
    predictor.observe(access('new', 'part/f0.ts', 9_000_000))
    expect(predictor.rank('new', 3)).toContain('part/f1.ts')
  })

  test('names files of the graph that nobody has read', () => {
    const files = ['a/one.ts', 'a/two.ts', 'b/three.ts']
    const predictor = createPredictor(OPTIONS, { files, edges: [['a/one.ts', 'b/three.ts']] })
    predictor.observe(access('first', 'a/one.ts', 1))
    expect(predictor.rank('first', 10)).toEqual(expect.arrayContaining(['a/two.ts', 'b/three.ts']))
  })

  test('stays within its files, and keeps what the latest sessions read', () => {
    const predictor = createPredictor({ ...OPTIONS, capacityFiles: 20, filesMax: 300 })
    for (let run = 0; run < 40; run++) {
      play(predictor, { id: `run${run}`, prefix: `part${run}`, count: 50, startMs: run * 4_000_000 })
      expect(predictor.files).toBeLessThanOrEqual(300)
    }
    predictor.observe(access('again', 'part38/f0.ts', 900_000_000))
    const ranked = predictor.rank('again', 500)
    expect(ranked).toContain('part38/f1.ts')
    expect(ranked.some((path) => path.startsWith('part2/'))).toBe(false)
  })

  test('learns what came of a warm when its horizon is over, however large the cache and long the lives in it', () => {
    const warmsOfSession = (pauseMs: number): number[] => {
      const predictor = createPredictor({
        ...OPTIONS,
        capacityFiles: 50_000,
        lives: { readMs: 1e12, horizonMs: 600_000 },
      })
      return Array.from({ length: 3 }, (_, run) => {
        const once = Array.from({ length: 200 }, (_, nth) => ({
          ...access(`run${run}`, `run${run}/f${nth}.ts`, run * pauseMs + nth * 10),
          outcome: null,
        }))
        return once.flatMap((one) => predictor.observe(one)).length
      })
    }
    const [first = 0, , third = 0] = warmsOfSession(2_000)
    expect([first, third].every((warms) => warms > 190)).toBe(true)
    const warms = warmsOfSession(700_000)
    expect(warms[0]).toBe(first)
    expect(warms[2]).toBeLessThan(20)
  })

  test('takes any path and session name for what it is', () => {
    const predictor = createPredictor(OPTIONS)
    for (const name of ['__proto__', 'constructor', '', '/', 'a,b"c\n']) {
      expect(() => predictor.observe(access(name, name, 5))).not.toThrow()
    }
  })
})

describe('the scorer', () => {
  test('comes to promise the share that comes true', () => {
    const scorer = new Scorer()
    const [often, seldom] = [Int32Array.of(1, 77), Int32Array.of(1, 78)]
    for (let nth = 0; nth < 4000; nth++) {
      scorer.learn(often, 0, { count: 2, head: HEAD.near, label: nth % 10 === 0 ? 0 : 1 })
      scorer.learn(seldom, 0, { count: 2, head: HEAD.near, label: nth % 10 === 0 ? 1 : 0 })
    }
    expect(scorer.score(often, 0, { count: 2, head: HEAD.near })).toBeCloseTo(0.9, 1)
    expect(scorer.score(seldom, 0, { count: 2, head: HEAD.near })).toBeCloseTo(0.1, 1)
  })
})

test('the analyzer of a session is what follows its last colon, unless that is a number', () => {
  expect(analyzerOfSession('drf:1792a2fccc:rg')).toBe('rg')
  expect(analyzerOfSession('typeorm:6646878e:0')).toBe('')
  expect(analyzerOfSession('plain')).toBe('')
})
