import { describe, expect, test } from 'vitest'
import { createPredictor, createSharedState, type LearnedPredictor } from '../../../src/model/prediction/learned.ts'
import { ABSENT, LruCache, READ, WARMED } from '../../../src/model/replay/lru.ts'

const FILES = 120
const GAP_MS = 100_000
const OPTIONS = { capacityFiles: 60, latencyMs: 0, aggressiveness: 'medium' } as const

/** A repository's sessions: its files in an order of its own, each session leaving other ones out. */
function sessionOf(repository: string, nth: number): string[] {
  const stride = repository === 'old' ? 7 : 11
  return Array.from({ length: FILES }, (_, at) => (at * stride) % FILES)
    .filter((file) => (file * 5 + nth * 3) % 13 !== 0)
    .map((file) => `src/${repository}/d${file % 10}/f${file}.ts`)
}

/** Plays sessions one after the other against an LRU; the share of hits by session. */
class World {
  readonly #cache = new LruCache(OPTIONS.capacityFiles, 4 * FILES)
  readonly #ids = new Map<string, number>()
  readonly #predictor: LearnedPredictor
  readonly #workspace: string
  #sessions = 0

  constructor(predictor: LearnedPredictor, workspace = 'shop') {
    this.#predictor = predictor
    this.#workspace = workspace
  }

  play(paths: readonly string[]): number {
    const [session, startMs] = [`s${this.#sessions}`, this.#sessions++ * GAP_MS]
    let hits = 0
    paths.forEach((path, at) => {
      const file = this.#idOf(path)
      const found = this.#cache.state(file) !== ABSENT
      if (found) hits++
      this.#cache.put(file, READ)
      const outcome = found ? 'hit' : 'miss'
      const where = { workspace: this.#workspace, session, analyzer: 'lint' }
      for (const warm of this.#predictor.observe({ ...where, path, timeMs: startMs + at * 20, outcome })) {
        const id = this.#idOf(warm.path)
        this.#cache.put(id, this.#cache.state(id) === ABSENT ? WARMED : READ)
      }
    })
    return hits / paths.length
  }

  #idOf(path: string): number {
    const known = this.#ids.get(path) ?? this.#ids.size
    this.#ids.set(path, known)
    return known
  }
}

/** The graph of a repository in which each file imports the next. */
function graphOf(repository: string) {
  const files = sessionOf(repository, 0)
  return { files, edges: files.slice(1).map((path, at) => [files[at] ?? '', path] as const) }
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length

describe('a workspace that changes', () => {
  test('is foreseen as well as a new one from the fifth session of its new habits on, within three points', () => {
    const drifting = new World(createPredictor(OPTIONS))
    const fresh = new World(createPredictor(OPTIONS))
    const before = Array.from({ length: 15 }, (_, nth) => drifting.play(sessionOf('old', nth)))
    const changed = Array.from({ length: 15 }, (_, nth) => drifting.play(sessionOf('new', nth)))
    const anew = Array.from({ length: 15 }, (_, nth) => fresh.play(sessionOf('new', nth)))
    expect(mean(before.slice(4))).toBeGreaterThan(0.7)
    expect(changed[0]).toBeLessThan(0.3)
    expect(mean(changed.slice(4))).toBeGreaterThan(mean(anew.slice(4)) - 0.03)
  })

  test('without history starts better from the weights that others taught and the graph than from a cold scorer', () => {
    const shared = createSharedState(OPTIONS)
    const elder = new World(createPredictor(OPTIONS, graphOf('old'), shared), 'elder')
    for (let nth = 0; nth < 10; nth++) elder.play(sessionOf('old', nth))
    const graph = graphOf('new')
    const files = graph.files.slice(0, 40)
    const taught = new World(createPredictor(OPTIONS, graph, shared)).play(files)
    const cold = new World(createPredictor(OPTIONS, graph)).play(files)
    const bare = new World(createPredictor(OPTIONS)).play(files)
    expect(cold).toBeGreaterThan(bare)
    const missed = { taught: 1 - taught, cold: 1 - cold }
    expect(missed.taught).toBeLessThan(missed.cold / 2)
    expect(taught).toBeGreaterThan(0.85)
  })
})
