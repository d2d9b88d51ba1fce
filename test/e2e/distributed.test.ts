import { expect, inject, it } from 'vitest'
import type { AccessOutcome } from '../../src/model/access.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'
import { analyze, type Fleet, learn, startFleet } from '../support/analyzer.ts'
import { readOutcomes } from '../support/warm-worker.ts'

const WARM_MS_MAX = 1_000
const modelRedisUrls = inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`)

/** What the reads of each session found, in the order of the sessions' first reads. */
async function outcomesBySession({ deployment }: Fleet): Promise<readonly (readonly AccessOutcome[])[]> {
  const { log, codec } = deployment.engines
  const sessions = new Map<string, AccessOutcome[]>()
  for (let partition = 0; partition < (await log.partitions('access-events')); partition += 1) {
    for await (const record of log.read({ topic: 'access-events', partition }, 0)) {
      const decoded = await codec.decode('access-events', record.value)
      if (!decoded.ok) throw new Error(decoded.reason)
      const { session, accesses } = decoded.value
      sessions.set(session, [...(sessions.get(session) ?? []), ...accesses.map(({ outcome }) => outcome)])
    }
  }
  return [...sessions.values()]
}

const warmsOf = (outcomes: readonly WarmOutcome[]): number[] =>
  outcomes.flatMap(({ issuedAtMs, files }) =>
    files.filter(({ outcome }) => outcome === 'warmed').map(({ finishedAtMs }) => finishedAtMs - issuedAtMs),
  )

it('after some sessions the files of a new revision are in the cache before an analyzer asks for them', async () => {
  const fleet = await startFleet({ modelRedisUrls })
  await learn(fleet)
  const before = warmsOf(await readOutcomes(fleet.deployment.engines)).length
  await analyze(fleet)
  await fleet.library.close()
  await fleet.deployment.drain()

  const sessions = await outcomesBySession(fleet)
  const warmHits = sessions.map((outcomes) => outcomes.filter((outcome) => outcome === 'warmHit').length)
  const latencies = warmsOf(await readOutcomes(fleet.deployment.engines)).slice(before)
  const sorted = latencies.toSorted((one, other) => one - other)
  console.log(
    `warm hits by session: ${warmHits.join(' ')}; prediction to cache, ms: median ${sorted[sorted.length >> 1]}, ` +
      `slowest ${sorted.at(-1)} of ${sorted.length}`,
  )
  expect(warmHits[0]).toBe(0)
  expect(warmHits.at(-1)).toBeGreaterThan(0)
  // Every file that this session's predictions brought in was there within a second of its command's issue.
  expect(latencies.length).toBeGreaterThan(0)
  expect(sorted.at(-1)).toBeLessThan(WARM_MS_MAX)
  const compared = await fleet.deployment.compareWithOracle()
  expect(compared.accesses).toBe(sessions.flat().length)
})
