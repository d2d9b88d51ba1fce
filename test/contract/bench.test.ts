import { expect, inject, test } from 'vitest'
import { spawnForewarm } from '../support/process.ts'

const services = inject('services')

/** Every bench, and how many figures it gives. */
const FIGURES = {
  ingest: 3,
  predict: 2,
  latency: 2,
  warm: 1,
  'model-bytes': 1,
  fold: 1,
  store: 3,
  log: 4,
  deps: 6,
  glob: 1,
}

test('every bench runs on real servers and gives its figures, each beside its reference', async () => {
  const bench = spawnForewarm(['--smoke', '--json'], {
    entry: 'bench/main.ts',
    env: {
      FOREWARM_TEST_KAFKA: services.kafka.join(),
      FOREWARM_TEST_REGISTRY: services.registryUrl,
      FOREWARM_TEST_REDIS: services.modelRedisUrl,
      FOREWARM_TEST_REDIS_CACHE: services.cacheRedisUrl,
    },
  })
  // Fails with what it was at, where it does not come to its end.
  await bench.line(/^\{/, 240_000)
  expect(await bench.exit(), bench.stderr()).toMatchObject({ code: 0 })
  const { results } = JSON.parse(bench.stdout())
  const figures = Map.groupBy(results, ({ bench: name }: { bench: string }) => name)
  expect(Object.fromEntries([...figures].map(([name, each]) => [name, each.length]))).toEqual(FIGURES)
  for (const { value, referenceValue, ratio } of results) {
    for (const { min, max } of [value, referenceValue, ratio]) {
      expect(min).toBeGreaterThan(0)
      expect(max).toBeLessThan(Number.POSITIVE_INFINITY)
    }
  }
})
