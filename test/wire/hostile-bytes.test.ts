import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CodedTopic, Decoded, TopicValues } from '../../src/ports/codec.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { FRAME_BYTES } from '../../src/wire/framing.ts'
import { RECORD_BYTES_MAX, RECORD_ITEMS_MAX } from '../../src/wire/limits.ts'
import { parseSchema } from '../../src/wire/load-schema.ts'
import { CODED_TOPICS, RECORD_FORMS } from '../../src/wire/record-forms.ts'
import { processorMs } from '../support/processor-time.ts'
import { anAccessEvent, anyRecord } from '../support/records.ts'

const codec = createEmbeddedCodec()
const CPU_MS_MAX = 50
const runs = Number(process.env['FOREWARM_TEST_FUZZ_RUNS'] ?? 2_000)

/** Decodes in one synchronous step (an async function without awaits runs at once) and holds it to the time limit. */
function decodeInTime<Topic extends CodedTopic>(topic: Topic, bytes: Uint8Array): Promise<Decoded<TopicValues[Topic]>> {
  let decoding: Promise<Decoded<TopicValues[Topic]>> = Promise.reject(new Error('not begun'))
  decoding.catch(() => {})
  const spentMs = processorMs(() => {
    decoding = codec.decode(topic, bytes)
  })
  expect(spentMs).toBeLessThan(CPU_MS_MAX)
  return decoding
}

/** An Avro number. */
function number(value: bigint): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return [...bytes, Number(rest)]
}
const text = (value: string): number[] => [...number(BigInt(value.length)), ...new TextEncoder().encode(value)]

/** The fields of an access event up to its accesses. */
const head = [...text('w'), ...text('s'), ...text('a'), 0, ...text('p'), 0, 0, 0]
const access = [...text('a'), 0, ...text('content'), 0, 0, 0]

async function decodeEvent(payload: readonly number[]) {
  const frame = (await codec.encode('access-events', anAccessEvent())).subarray(0, FRAME_BYTES)
  return decodeInTime('access-events', new Uint8Array([...frame, ...payload]))
}

/** Reads a payload that was written with the access event's schema plus one field in front. */
function readWithExtraField(type: unknown, payload: readonly number[]) {
  const schema = JSON.parse(RECORD_FORMS['access-events'].schema)
  schema.fields.unshift({ name: 'extra', type })
  const read = RECORD_FORMS['access-events'].reader(parseSchema(JSON.stringify(schema)))
  let decoded: ReturnType<typeof read> | undefined
  expect(processorMs(() => (decoded = read(new Uint8Array([...payload, ...head, 0, 0]))))).toBeLessThan(CPU_MS_MAX)
  return decoded
}

describe('decoding hostile bytes', () => {
  it('knows a good record by the hand-made bytes that the bombs below are built from', async () => {
    expect(await decodeEvent([...head, ...number(2n), ...access, ...access, 0, 0])).toMatchObject({
      ok: true,
      value: { workspace: 'w', accesses: [{ path: 'a' }, { path: 'a' }] },
    })
    expect(readWithExtraField({ type: 'array', items: 'null' }, [...number(3n), 0])).toMatchObject({ ok: true })
  })

  it.each([
    ['2^30 accesses', number(2n ** 30n)],
    ['100 million accesses', number(100_000_000n)],
    ['2^62 accesses in ten bytes', number(2n ** 62n)],
    ['a number without an end', Array.from({ length: 64 }, () => 0xff)],
    ['the smallest long as a count', [...number(-(2n ** 63n)), 0]],
    ['a negative block with an endless size', [...number(-2n), ...number(2n ** 40n), ...access, ...access]],
    ['a negative block with a wrong size', [...number(-1n), ...number(2n), ...access, 0, 0]],
    ['a path of 2 GiB', [...number(1n), ...number(2n ** 31n)]],
    ['a path of negative length', [...number(1n), ...number(-5n), ...access]],
    ['an unknown branch of a union', [...number(1n), ...text('a'), 0, ...text('l'), 0x7e, 0, 0, 0, 0]],
    ['an unknown outcome', [...number(1n), ...text('a'), 0, ...text('l'), 0, 0x7e, 0, 0, 0]],
    ['a time beyond 2^53', [...number(1n), ...text('a'), ...number(2n ** 60n), ...text('l'), 0, 0, 0, 0, 0]],
  ])('parks a record that claims %s', async (_name, accesses) => {
    expect(await decodeEvent([...head, ...accesses])).toMatchObject({ ok: false, retriable: false })
  })

  it('parks a full mebibyte of the smallest accesses before it reads them', async () => {
    const smallest = [...text('a'), 0, ...text('l'), 0, 0, 0]
    const many = Math.floor((RECORD_BYTES_MAX - 100) / smallest.length)
    const body = Array.from({ length: many }, () => smallest).flat()
    const decoded = await decodeEvent([...head, ...number(BigInt(many)), ...body, 0, 0])
    expect(decoded).toMatchObject({ ok: false, reason: `the lists have more than ${RECORD_ITEMS_MAX} entries` })
  })

  it('parks a record over the size limit', async () => {
    const decoded = await decodeInTime('access-events', new Uint8Array(RECORD_BYTES_MAX + 1))
    expect(decoded).toMatchObject({ ok: false, retriable: false })
  })

  it.each([
    ['2^30 nulls in five bytes', { type: 'array', items: 'null' }, [...number(2n ** 30n), 0]],
    ['nulls in many blocks', { type: 'array', items: 'null' }, Array.from({ length: 999 }, () => number(99n)).flat()],
    ['a map of 2^40 entries', { type: 'map', values: 'null' }, number(2n ** 40n)],
    ['bytes of 2^33', 'bytes', number(2n ** 33n)],
    [
      'lists of lists of nulls',
      { type: 'array', items: { type: 'array', items: 'null' } },
      [...number(9_999n), ...Array.from({ length: 9_999 }, () => [...number(999n), 0]).flat(), 0],
    ],
    [
      'a tree 100,000 deep',
      { type: 'record', name: 'Tree', fields: [{ name: 'below', type: { type: 'array', items: 'Tree' } }] },
      [...Array.from({ length: 100_000 }, () => 2), ...Array.from({ length: 100_001 }, () => 0)],
    ],
  ])('parks a foreign writer who sends %s', (_name, type, payload) => {
    expect(readWithExtraField(type, payload)).toMatchObject({ ok: false, retriable: false })
  })

  it('gives nobody new properties through names like __proto__', async () => {
    const map = { type: 'map', values: 'string' }
    const payload = [...number(1n), ...text('__proto__'), ...text('x'), 0]
    const decoded = readWithExtraField(map, payload)
    expect(decoded).toMatchObject({ ok: true })
    expect(decoded?.ok && Object.getPrototypeOf(decoded.value)).toBe(Object.prototype)
    expect(decoded?.ok && Object.keys(decoded.value)).not.toContain('extra')
    const named = [...head, ...number(1n), ...text('__proto__'), 0, ...text('__proto__'), 0, 0, 0, 0, 0]
    expect(await decodeEvent(named)).toMatchObject({ ok: true, value: { accesses: [{ path: '__proto__' }] } })
  })

  for (const topic of CODED_TOPICS) {
    it(`answers any bytes of ${topic} in time and without an exception`, () => decodesAnyBytes(topic))
    it(`answers any ${topic} record with some bytes changed in time`, () => decodesAnyDamage(topic))
  }
})

async function decodesAnyBytes<Topic extends CodedTopic>(topic: Topic) {
  const payload = fc.uint8Array({ maxLength: 400 })
  const property = fc.asyncProperty(anyRecord[topic], payload, async (value, bytes) => {
    const frame = (await codec.encode(topic, value)).subarray(0, FRAME_BYTES)
    await decodeInTime(topic, new Uint8Array([...frame, ...bytes]))
  })
  await fc.assert(property, { numRuns: runs })
}

/** What is let through is a good record: it can be written again. */
async function decodesAnyDamage<Topic extends CodedTopic>(topic: Topic) {
  const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)))
  const changes = fc.array(change, { minLength: 1, maxLength: 4 })
  const property = fc.asyncProperty(anyRecord[topic], changes, async (value, places) => {
    const bytes = await codec.encode(topic, value)
    for (const [at, byte] of places) bytes[FRAME_BYTES + (at % (bytes.length - FRAME_BYTES))] = byte
    const decoded = await decodeInTime(topic, bytes)
    if (decoded.ok) await codec.encode(topic, decoded.value)
  })
  await fc.assert(property, { numRuns: runs })
}
