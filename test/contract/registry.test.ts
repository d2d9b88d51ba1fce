import { randomUUID } from 'node:crypto'
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createManualClock } from '../../src/adapters/memory/clock.ts'
import { createRegistryClient, type RegistryClient } from '../../src/adapters/registry/client.ts'
import { createRegistryCodec } from '../../src/adapters/registry/codec.ts'
import { applySubjects, planSubjects } from '../../src/adapters/registry/subjects.ts'
import type { CodedTopic } from '../../src/ports/codec.ts'
import { frame } from '../../src/wire/framing.ts'
import { CODED_TOPICS, RECORD_FORMS } from '../../src/wire/record-forms.ts'
import { anAccessEvent } from '../support/records.ts'
import { type Registry, startRegistry } from '../support/services/registry.ts'

const url = inject('services').registryUrl
/** For a busy machine: nothing here is about how fast a registry is. */
const timeoutMs = 60_000
const client = createRegistryClient({ url, timeoutMs })

/** Subjects that no other test has. */
function ownSubjects() {
  const prefix = randomUUID()
  return (topic: CodedTopic) => `${prefix}-${topic}-value`
}

/** A clock for the limits of questions, and a client that counts them. */
function watched(inner: RegistryClient) {
  const clock = createManualClock(0)
  const questions: number[] = []
  const counting: RegistryClient = {
    ...inner,
    schemaById: (id) => {
      questions.push(id)
      return inner.schemaById(id)
    },
  }
  return { clock, client: counting, questions }
}

/** The access event's schema with one more field. */
function schemaWith(field: object): string {
  const schema = JSON.parse(RECORD_FORMS['access-events'].schema)
  schema.fields.push(field)
  return JSON.stringify(schema)
}

/** The vendor's client, which other producers use. */
const vendor = new SchemaRegistry({ host: url })
const registerByVendor = (subject: string, schema: string) =>
  vendor.register({ type: SchemaType.AVRO, schema }, { subject, compatibility: COMPATIBILITY.BACKWARD_TRANSITIVE })

describe('subjects in a schema registry', () => {
  it('are planned, applied once, and then as they should be', async () => {
    const subjectOf = ownSubjects()
    const planned = await planSubjects(client, subjectOf)
    expect(planned.map(({ topic, differences, refusal }) => [topic, differences.length, refusal])).toEqual(
      CODED_TOPICS.map((topic) => [topic, 2, null]),
    )
    expect(planned[0]?.differences).toEqual([
      'compatibility: not set -> BACKWARD_TRANSITIVE',
      'schema: dev.forewarm.AccessEvent revision 1 is added',
    ])
    await applySubjects(client, subjectOf)
    expect(await client.compatibility(subjectOf('warm-outcomes'))).toBe('BACKWARD_TRANSITIVE')
    const again = await applySubjects(client, subjectOf)
    expect(again.flatMap((plan) => plan.differences)).toEqual([])
    expect(await client.versions(subjectOf('access-events'))).toHaveLength(1)
  })

  it('may be set up by several processes at the same moment', async () => {
    for (let round = 0; round < 3; round += 1) {
      const subjectOf = ownSubjects()
      await Promise.all(Array.from({ length: 8 }, () => applySubjects(client, subjectOf)))
      expect(await client.compatibility(subjectOf('access-events'))).toBe('BACKWARD_TRANSITIVE')
      expect(await client.versions(subjectOf('access-events'))).toHaveLength(1)
    }
  })

  it('that were set up with a lower level are raised', async () => {
    const subjectOf = ownSubjects()
    await applySubjects(client, subjectOf)
    await client.setCompatibility(subjectOf('warm-commands'), 'NONE')
    const plans = await applySubjects(client, subjectOf)
    expect(plans.flatMap((plan) => plan.differences)).toEqual(['compatibility: NONE -> BACKWARD_TRANSITIVE'])
    expect(await client.compatibility(subjectOf('warm-commands'))).toBe('BACKWARD_TRANSITIVE')
  })

  it('with records that could not be read any more are refused with the cause, and none is changed', async () => {
    const subjectOf = ownSubjects()
    const foreign = {
      type: 'record',
      name: 'AccessEvent',
      namespace: 'dev.forewarm',
      fields: [{ name: 'x', type: 'int' }],
    }
    await registerByVendor(subjectOf('access-events'), JSON.stringify(foreign))
    await expect(applySubjects(client, subjectOf)).rejects.toMatchObject({
      code: 'FW_SCHEMA_INCOMPATIBLE',
      message: expect.stringMatching(/version 1 could not be read .*AccessEvent\.workspace/),
    })
    expect(await client.versions(subjectOf('warm-commands'))).toEqual([])
  })

  it('are held to their level by the registry itself', async () => {
    const subjectOf = ownSubjects()
    await applySubjects(client, subjectOf)
    const breaking = schemaWith({ name: 'host', type: 'string' })
    await expect(client.register(subjectOf('access-events'), breaking)).rejects.toMatchObject({
      code: 'FW_SCHEMA_INCOMPATIBLE',
      retriable: false,
    })
  })
})

describe('the codec with a schema registry', () => {
  it('writes what the vendor’s client reads, and reads what it writes', async () => {
    const subjectOf = ownSubjects()
    const codec = createRegistryCodec({ client, subjectOf, clock: createManualClock(0) })
    const event = anAccessEvent()
    const bytes = await codec.encode('access-events', event)
    expect(await vendor.decode(Buffer.from(bytes))).toMatchObject({ workspace: event.workspace, publisher: 'p1' })
    const { id } = await registerByVendor(subjectOf('access-events'), RECORD_FORMS['access-events'].schema)
    const foreign = await vendor.encode(id, await vendor.decode(Buffer.from(bytes)))
    expect(await codec.decode('access-events', foreign)).toEqual({ ok: true, value: event })
  })

  it('registers under the right level with the first record', async () => {
    const subjectOf = ownSubjects()
    const codec = createRegistryCodec({ client, subjectOf, clock: createManualClock(0) })
    await Promise.all([1, 2, 3].map(() => codec.encode('access-events', anAccessEvent())))
    expect(await client.compatibility(subjectOf('access-events'))).toBe('BACKWARD_TRANSITIVE')
    expect(await client.versions(subjectOf('warm-requests'))).toEqual([])
  })

  it('reads a newer writer’s record and asks once for its schema, however many want it', async () => {
    const subjectOf = ownSubjects()
    const { clock, client: counted, questions } = watched(client)
    const codec = createRegistryCodec({ client: counted, subjectOf, clock })
    await codec.prepare(CODED_TOPICS)
    const newer = schemaWith({ name: 'host', type: ['null', 'string'], default: null })
    const id = await client.register(subjectOf('access-events'), newer)
    const wire = await vendor.decode(Buffer.from(await codec.encode('access-events', anAccessEvent())))
    const bytes = await vendor.encode(id, { ...wire, host: 'ci-7' })
    const decoded = await Promise.all([1, 2, 3, 4].map(() => codec.decode('access-events', bytes)))
    expect(decoded).toEqual([1, 2, 3, 4].map(() => ({ ok: true, value: anAccessEvent() })))
    expect(questions).toEqual([id])
  })

  it('parks records of unknown ids and asks for each id once a minute', async () => {
    const { clock, client: counted, questions } = watched(client)
    const codec = createRegistryCodec({ client: counted, subjectOf: ownSubjects(), clock })
    const bytes = frame(2_000_000_000, new Uint8Array(20))
    const reason = 'schema id 2000000000 is not in the registry'
    for (let time = 0; time < 5; time += 1) {
      expect(await codec.decode('access-events', bytes)).toEqual({ ok: false, retriable: false, reason })
    }
    expect(questions).toHaveLength(1)
    clock.advance(60_001)
    await codec.decode('access-events', bytes)
    expect(questions).toHaveLength(2)
  })

  it('spares the registry when bytes claim many made-up ids', async () => {
    const { clock, client: counted, questions } = watched(client)
    const codec = createRegistryCodec({ client: counted, subjectOf: ownSubjects(), clock })
    const decode = (id: number) => codec.decode('access-events', frame(id, new Uint8Array(3)))
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => decode(2_000_000_000 + index)))
    expect(questions).toHaveLength(50)
    expect(answers.filter((answer) => !answer.ok && answer.retriable)).toHaveLength(150)
    clock.advance(1_000)
    expect(await decode(2_000_000_199)).toMatchObject({ retriable: false })
  })

  it('takes no schema of another record, of another kind, or that it cannot read', async () => {
    const subjectOf = ownSubjects()
    const codec = createRegistryCodec({ client, subjectOf, clock: createManualClock(0) })
    const command = await codec.encode('warm-requests', {
      id: 'r',
      workspace: 'w',
      action: 'run' as const,
      strategy: 's',
      spec: null,
      revision: null,
      paths: [],
      layers: [],
      requestedAtMs: 1,
      requestedBy: '',
      deadlineMs: 2,
    })
    expect(await codec.decode('access-events', command)).toMatchObject({
      ok: false,
      retriable: false,
      reason: expect.stringContaining('is not one of dev.forewarm.AccessEvent'),
    })
    const strange = {
      type: 'record',
      name: 'AccessEvent',
      namespace: 'dev.forewarm',
      fields: [{ name: 'workspace', type: 'int' }],
    }
    const { id } = await registerByVendor(`${randomUUID()}-value`, JSON.stringify(strange))
    expect(await codec.decode('access-events', frame(id, new Uint8Array([2])))).toMatchObject({
      ok: false,
      retriable: false,
      reason: expect.stringContaining('cannot be read as dev.forewarm.AccessEvent'),
    })
  })
})

describe('the codec while the registry is away', () => {
  let registry: Registry
  beforeAll(async () => {
    registry = await startRegistry()
  })
  afterAll(() => registry.stop())

  it('goes on with known schemas, lets unknown ones wait, asks seldom, and recovers by itself', async () => {
    const subjectOf = ownSubjects()
    const own = createRegistryClient({ url: registry.url, timeoutMs })
    // Long enough for a busy machine, and it is waited for twice.
    const { clock, client: counted, questions } = watched(createRegistryClient({ url: registry.url, timeoutMs: 2_000 }))
    const writer = createRegistryCodec({ client: own, subjectOf, clock })
    const reader = createRegistryCodec({ client: counted, subjectOf, clock })
    const bytes = await writer.encode('access-events', anAccessEvent())
    expect((await reader.decode('access-events', bytes)).ok).toBe(true)
    const newer = await own.register(
      subjectOf('access-events'),
      schemaWith({ name: 'host', type: 'string', default: '' }),
    )

    await registry.process.pause()
    expect((await reader.decode('access-events', bytes)).ok).toBe(true)
    expect((await writer.encode('access-events', anAccessEvent())).length).toBe(bytes.length)
    await expect(reader.prepare(['warm-outcomes'])).rejects.toMatchObject({
      code: 'FW_SCHEMA_UNAVAILABLE',
      retriable: true,
    })
    const unknown = frame(newer, new Uint8Array([...bytes.subarray(5), 0]))
    for (let time = 0; time < 5; time += 1) {
      expect(await reader.decode('access-events', unknown)).toMatchObject({ ok: false, retriable: true })
    }
    expect(questions).toHaveLength(2)

    await registry.process.resume()
    clock.advance(1_000)
    expect(await reader.decode('access-events', unknown)).toEqual({ ok: true, value: anAccessEvent() })
    await reader.prepare(['warm-outcomes'])
  })
})
