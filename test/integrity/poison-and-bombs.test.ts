import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { createKafkaClient } from '../../src/adapters/kafka/connection.ts'
import { originOf } from '../../src/flows/dead-letter.ts'
import { partitionOf } from '../../src/model/identity.ts'
import type { TopicRole } from '../../src/ports/event-log.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { eventually } from '../support/eventually.ts'
import { recordsOn } from '../support/log-contents.ts'
import { anAccessEvent } from '../support/records.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'
import { aCommand } from '../support/warm-worker.ts'

const RECORDS = 120
const PARTITIONS = 4
/** What brokers take of a batch unless told otherwise, less the frame, key and headers of one record. */
const LONGEST = 1_048_588 - 150

type Poison = {
  readonly what: string
  readonly topic: TopicRole
  readonly key: string | null
  readonly value: Uint8Array
  readonly partition: number
  /** What its dead letter's reason must tell. */
  readonly reason: RegExp
}

/** Schema id of a good record, framed as the registry's clients do: a zero byte, then the id. */
const frameOf = (record: Uint8Array): Uint8Array => record.subarray(0, 5)
const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

const at = (key: string) => ({ key, partition: partitionOf(key, PARTITIONS) })
const awayFrom = (key: string): number => (partitionOf(key, PARTITIONS) + 1) % PARTITIONS

async function poisons({ engines: { codec } }: Deployment): Promise<readonly Poison[]> {
  const good = await codec.encode('access-events', anAccessEvent({ workspace: 'acme/web' }))
  const command = await codec.encode('warm-commands', aCommand({ workspace: 'acme/web' }))
  const key = 'acme/web#0'
  // An array that claims 2^50 entries, in six bytes: a decoder that believes it is busy for ever.
  const claim = new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02])
  const names = new Uint8Array([2, 0x77, 2, 0x73, 2, 0x61, 0, 2, 0x70, 0, 0, 0])
  const of = (topic: TopicRole, what: string, value: Uint8Array): Poison => ({
    ...{ topic, what, value, key, partition: partitionOf(key, PARTITIONS), reason: /^(?!the key)/ },
  })
  return [
    of('access-events', 'nothing', new Uint8Array()),
    of('access-events', 'text', new TextEncoder().encode('{"workspace":"acme/web"}')),
    of('access-events', 'a cut record', good.subarray(0, good.length - 3)),
    of('access-events', 'an unknown schema', joined(new Uint8Array([0, 0x7f, 0xff, 0xff, 0xfe]), good.subarray(5))),
    of('access-events', 'a bomb', joined(frameOf(good), names, claim)),
    of('access-events', 'a bomb of ones', joined(frameOf(good), new Uint8Array(64).fill(0xff))),
    of('access-events', 'a record of another topic', command),
    // With the headers of a dead letter it is longer than any other topic takes.
    of('access-events', 'noise as long as may be', new Uint8Array(randomBytes(LONGEST))),
    of('warm-outcomes', 'an access among outcomes', good),
    of(
      'warm-outcomes',
      'noise among outcomes',
      new Uint8Array(200).map((_, at) => (at * 7919) % 251),
    ),
    of('warm-commands', 'noise among commands', new Uint8Array([0, 1, 2])),
    of('warm-requests', 'noise among requests', new Uint8Array([9, 9, 9, 9, 9, 9])),
    { ...of('access-events', 'no key', good), key: null, reason: /has no key/ },
    { ...of('access-events', 'a key from elsewhere', good), ...at('tools#0'), reason: /not the one of the workspace/ },
    { ...of('access-events', 'a wrong partition', good), partition: awayFrom(key), reason: /another partition/ },
  ]
}

/** By Kafka's own producer: what comes from elsewhere keeps to no rule. */
async function sendRaw(deployment: Deployment, records: readonly Poison[]): Promise<ReadonlyMap<string, Poison>> {
  const { brokers } = deployment.settings.kafka
  const producer = createKafkaClient({ brokers, clientId: 'poison' }).producer()
  await producer.connect()
  const sent = new Map<string, Poison>()
  for (const poison of records) {
    const { topic, key, partition } = poison
    const value = Buffer.from(poison.value)
    const [metadata] = await producer.send({
      topic: deployment.prefix + topic,
      messages: [{ key, value, partition, headers: { note: 'its own' } }],
    })
    sent.set(`${topic}/${partition}@${metadata?.baseOffset}`, poison)
  }
  await producer.disconnect()
  return sent
}

const deadLetters = ({ engines: { log } }: Deployment) => recordsOn(log, 'dead-letters')

it('poison and bombs among good records are set aside untouched, each once and with its reason, and nothing else is lost', async () => {
  const traffic = createTraffic(newSeed())
  const deployment = await deploy({ partitions: PARTITIONS })
  onTestFinished(deployment.close)
  const processes = await Promise.all((['ingest', 'predict', 'warm'] as const).map((role) => deployment.start(role)))
  await deployment.append(traffic.take(RECORDS))
  const sent = await sendRaw(deployment, await poisons(deployment))
  await deployment.append(traffic.take(RECORDS))
  await deployment.drain()
  const letters = await eventually(
    () => deadLetters(deployment),
    ({ length }) => length >= sent.size,
    { what: `${sent.size} dead letters` },
  )
  // Whoever is killed and starts again sets nothing aside a second time.
  await processes[0]?.kill()
  await deployment.start('ingest', { FOREWARM_KAFKA__GROUP_PREFIX: `${deployment.prefix}next.` })
  await deployment.append(traffic.take(RECORDS))
  // What warming makes of the records comes onto the log as well: it ends before the log is compared.
  for (const process of processes.slice(1)) expect((await process.kill('SIGTERM')).code).toBe(0)
  await deployment.drain()
  expect((await deadLetters(deployment)).length).toBe(letters.length)

  const found = new Map(
    letters.map((letter) => {
      const origin = originOf(letter)
      return [`${origin?.topic}/${origin?.partition}@${origin?.offset}`, { letter, reason: origin?.reason ?? '' }]
    }),
  )
  expect([...found.keys()].sort()).toEqual([...sent.keys()].sort())
  for (const [where, poison] of sent) {
    const { letter, reason } = found.get(where) ?? {}
    expect(letter && Buffer.compare(letter.value, poison.value), poison.what).toBe(0)
    expect(letter?.key, poison.what).toBe(poison.key)
    expect(letter?.headers.get('note'), poison.what).toBe('its own')
    expect(reason, poison.what).toMatch(poison.reason)
  }
  console.log([...found.values()].map(({ reason }) => reason).join('\n'))
  await deployment.compareWithOracle()
})
