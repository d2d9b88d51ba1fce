import { expect, inject, it } from 'vitest'
import type { AccessOutcome } from '../../src/model/access.ts'
import type { WarmOutcome } from '../../src/model/outcome.ts'
import { analyze, endWarming, type Fleet, learn, startFleet } from '../support/analyzer.ts'
import { messagesOn } from '../support/log-contents.ts'
import { slowdown } from '../support/slowdown.ts'
import { readOutcomes } from '../support/warm-worker.ts'

/** Of a machine that does nothing else. */
const WARM_MS_MAX = 1_000
const modelRedisUrls = inject('services').redisCluster.map(({ host, port }) => `redis://${host}:${port}`)

/** What the reads of each session found, in the order of the sessions' first reads. */
async function outcomesBySession({ deployment }: Fleet): Promise<readonly (readonly AccessOutcome[])[]> {
  const sessions = new Map<string, AccessOutcome[]>()
  for (const { session, accesses } of await messagesOn(deployment.engines, 'access-events')) {
    sessions.set(session, [...(sessions.get(session) ?? []), ...accesses.map(({ outcome }) => outcome)])
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
  await endWarming(fleet)

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
  // A busy machine makes some wait; a stage that waits by design makes all of them wait.
  expect(sorted[0]).toBeLessThan(WARM_MS_MAX * slowdown())
  const compared = await fleet.deployment.compareWithOracle()
  expect(compared.accesses).toBe(sessions.flat().length)
})
