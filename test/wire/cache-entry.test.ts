import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEntry, encodeEntry, READ_BYTE, STATE_OFFSET, UNREAD_BYTE } from '../../src/wire/cache-entry.ts'

const entries = fc
  .record({
    state: fc.constantFrom('filled' as const, 'unread' as const, 'read' as const),
    compression: fc.constantFrom('none' as const, 'zstd' as const),
    commandId: fc.string({ unit: 'binary' }),
    traceparent: fc.option(fc.string({ minLength: 1 })),
    payload: fc.uint8Array({ maxLength: 300 }),
    valueBytes: fc.integer({ min: 0, max: 10_000 }),
  })
  .map((entry) => (entry.compression === 'none' ? { ...entry, valueBytes: entry.payload.length } : entry))

test('an entry comes back as it was written', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      expect(decodeEntry(encodeEntry(entry), 10_000)).toEqual(entry)
    }),
  )
})

test('bytes that were cut, prolonged or belong to a longer value than allowed are no entry', () => {
  fc.assert(
    fc.property(entries, fc.nat(), (entry, at) => {
      const bytes = encodeEntry(entry)
      expect(decodeEntry(bytes.subarray(0, at % bytes.length), 10_000)).toBeNull()
      expect(decodeEntry(Uint8Array.from([...bytes, 0]), 10_000)).toBeNull()
      expect(decodeEntry(bytes, entry.valueBytes - 1)).toBeNull()
    }),
  )
})

test('no bytes whatever make it throw', () => {
  const hostile = fc.tuple(entries, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }))
  fc.assert(
    fc.property(hostile, fc.uint8Array(), ([entry, changes], noise) => {
      const bytes = encodeEntry(entry)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      const found = decodeEntry(bytes, 10_000)
      expect(found === null || found.valueBytes <= 10_000).toBe(true)
      decodeEntry(noise, 10_000)
    }),
    { numRuns: 2_000 },
  )
})

test('flipping the one state byte in place makes an unread warm a read one', () => {
  const warm = {
    compression: 'none',
    valueBytes: 1,
    commandId: 'c',
    traceparent: null,
    payload: Uint8Array.of(7),
  } as const
  const bytes = encodeEntry({ ...warm, state: 'unread' })
  expect(bytes[STATE_OFFSET]).toBe(UNREAD_BYTE)
  bytes[STATE_OFFSET] = READ_BYTE
  expect(decodeEntry(bytes, 1)).toEqual({ ...warm, state: 'read' })
})

test('an id that does not fit its length field is refused', () => {
  const entry = {
    state: 'unread',
    compression: 'none',
    valueBytes: 0,
    traceparent: null,
    payload: new Uint8Array(),
  } as const
  expect(() => encodeEntry({ ...entry, commandId: 'x'.repeat(65_536) })).toThrow(RangeError)
})
