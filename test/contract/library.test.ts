import { randomUUID } from 'node:crypto'
import { expect, inject, it } from 'vitest'
import { blobId } from '../../src/adapters/origins/blob-id.ts'
import { openEngines } from '../../src/compose/engines.ts'
import { openReporting } from '../../src/compose/reporting.ts'
import { openTopics } from '../../src/compose/tools.ts'
import { settingsFrom } from '../../src/config/load.ts'
import { applyTopics } from '../../src/flows/topics.ts'
import { openForewarm } from '../../src/library.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import { messagesOn } from '../support/log-contents.ts'

const services = inject('services')
const prefix = `library-${randomUUID()}.`
const settings = {
  mode: 'distributed',
  kafka: { brokers: services.kafka, topicPrefix: prefix, partitions: 4, replicationFactor: 1, minInsyncReplicas: 1 },
  registry: { url: services.registryUrl },
  cache: { redis: { urls: [services.cacheRedisUrl], keyPrefix: prefix } },
}
const checked = settingsFrom({ file: { name: 'settings', text: JSON.stringify(settings) } })

async function publishedEvents(): Promise<AccessEvent[]> {
  const engines = openEngines(checked, await openReporting(checked, 'test'))
  const events = await messagesOn(engines, 'access-events')
  await engines.close()
  return events
}

it('the library reads through Redis and publishes to Kafka by the registry’s schemas, even before its topics are there', async () => {
  const bytes = new TextEncoder().encode('export {}\n')
  const options = { workspace: 'shop', origin: async () => bytes, settings }
  const forewarm = await openForewarm(options)
  const session = forewarm.reader.session({ analyzer: 'eslint', revision: 'r1', id: 's1' })
  const version = blobId(bytes)
  for (const path of ['a.ts', 'a.ts', 'b.ts']) {
    expect(new TextDecoder().decode((await session.read(path, { version })) ?? undefined)).toBe('export {}\n')
  }
  session.end()
  const topics = openTopics(checked)
  await topics.subjects.apply()
  await applyTopics(topics.admin, topics.desired)
  await topics.admin.close()
  await forewarm.close(60_000)
  expect(forewarm.publisher.stats()).toMatchObject({ recorded: 3, published: 3, pending: 0 })
  const events = await publishedEvents()
  const outcomes = events.flatMap(({ accesses }) => accesses.map(({ path, outcome }) => [path, outcome]))
  expect(outcomes).toEqual([
    ['a.ts', 'miss'],
    ['a.ts', 'hit'],
    ['b.ts', 'miss'],
  ])
  expect(events.at(-1)).toMatchObject({ session: 's1', analyzer: 'eslint', revision: 'r1', sessionEnded: true })
})
