import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { CODED_TOPICS } from '../../src/wire/record-forms.ts'
import { anAccess, anAccessEvent, anyAccessEvent, anyRecord } from '../support/records.ts'

const codec = createEmbeddedCodec()

describe('the embedded codec', () => {
  for (const topic of CODED_TOPICS) {
    it(`gives back any ${topic} record as it was`, async () => {
      const property = fc.asyncProperty(anyRecord[topic], async (value) => {
        expect(await codec.decode(topic, await codec.encode(topic, value))).toEqual({ ok: true, value })
      })
      await fc.assert(property)
    })
  }

  it('keeps times as numbers', async () => {
    const decoded = await codec.decode('access-events', await codec.encode('access-events', anAccessEvent()))
    expect(decoded.ok && decoded.value.accesses[0]?.timeMs).toBe(1_760_000_000_000)
  })

  it('reads a record in the middle of a larger buffer', async () => {
    const bytes = await codec.encode('access-events', anAccessEvent())
    const padded = new Uint8Array(bytes.length + 20).fill(255)
    padded.set(bytes, 10)
    const decoded = await codec.decode('access-events', padded.subarray(10, 10 + bytes.length))
    expect(decoded.ok).toBe(true)
  })

  it('says that a record of another topic, frame or registry is not its own', async () => {
    const bytes = await codec.encode('access-events', anAccessEvent())
    expect(await codec.decode('warm-commands', bytes)).toMatchObject({ ok: false, retriable: false })
    expect(await codec.decode('access-events', bytes.with(0, 1))).toMatchObject({ reason: 'unknown magic byte 1' })
    expect(await codec.decode('access-events', bytes.with(1, 0))).toMatchObject({ ok: false, retriable: false })
    expect(await codec.decode('access-events', bytes.subarray(0, 3))).toMatchObject({ ok: false, retriable: false })
  })

  it('refuses a record cut anywhere or followed by a byte', async () => {
    const property = fc.asyncProperty(anyAccessEvent, fc.nat(), async (event, cut) => {
      const bytes = await codec.encode('access-events', event)
      const short = await codec.decode('access-events', bytes.subarray(0, cut % bytes.length))
      const long = await codec.decode('access-events', new Uint8Array([...bytes, 0]))
      expect([short.ok, long.ok]).toEqual([false, false])
    })
    await fc.assert(property)
  })

  it.each([
    ['an absolute path', '/etc/passwd'],
    ['a path to the parent', 'src/../../etc/passwd'],
    ['a path that ends in the parent', 'src/..'],
    ['a path with a dot segment', './src/a.ts'],
    ['a path with an empty segment', 'src//a.ts'],
    ['a folder', 'src/'],
    ['an empty path', ''],
    ['a NUL', 'src/a.ts\0.png'],
    ['a backslash', '..\\..\\etc'],
    ['a path of 1,025 bytes', `${'ü'.repeat(512)}x`],
    ['half a character', 'src/\ud800.ts'],
  ])('neither writes nor reads %s', async (_name, path) => {
    const event = anAccessEvent({ accesses: [anAccess({ path })] })
    await expect(codec.encode('access-events', event)).rejects.toMatchObject({ code: 'FW_RECORD_INVALID' })
  })

  it.each([
    ['no workspace', { workspace: '' }],
    ['a workspace of 257 characters', { workspace: 'x'.repeat(257) }],
    ['a session with a line break', { session: 'a\nb' }],
    ['a negative sequence', { sequence: -1 }],
    ['1,001 accesses', { accesses: Array.from({ length: 1_001 }, () => anAccess()) }],
    ['a time in microseconds', { accesses: [anAccess({ timeMs: 1_760_000_000_000_000 })] }],
    ['a time before 1970', { accesses: [anAccess({ timeMs: -1 })] }],
    ['an empty layer', { accesses: [anAccess({ layer: '' })] }],
  ])('refuses %s', async (_name, fields) => {
    await expect(codec.encode('access-events', anAccessEvent(fields))).rejects.toMatchObject({
      code: 'FW_RECORD_INVALID',
      retriable: false,
    })
  })

  it('takes a path of 1,024 bytes and 1,000 accesses', async () => {
    const path = 'ü'.repeat(512)
    const event = anAccessEvent({
      accesses: Array.from({ length: 1_000 }, () => anAccess({ path: path.slice(0, 400) })),
    })
    expect((await codec.decode('access-events', await codec.encode('access-events', event))).ok).toBe(true)
    expect(
      (await codec.encode('access-events', anAccessEvent({ accesses: [anAccess({ path })] }))).length,
    ).toBeGreaterThan(1_024)
  })

  it('refuses to write a record over 1 MiB', async () => {
    const access = anAccess({ path: 'x'.repeat(1_024), version: 'v'.repeat(64) })
    const event = anAccessEvent({ accesses: Array.from({ length: 1_000 }, () => access) })
    const refusal = codec.encode('access-events', event).catch((error: unknown) => error)
    expect(await refusal).toMatchObject({ code: 'FW_RECORD_INVALID', message: expect.stringContaining('1048576') })
  })
})
