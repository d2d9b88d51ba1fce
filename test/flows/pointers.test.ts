import { expect, test } from 'vitest'
import { sha256Hex } from '../../src/adapters/digest.ts'
import { createMemoryCache } from '../../src/adapters/memory/cache.ts'
import { SILENT_LOG } from '../../src/adapters/memory/telemetry.ts'
import { createSystemClock } from '../../src/adapters/system/clock.ts'
import { PointerHandler } from '../../src/flows/pointers.ts'
import type { AccessEvent } from '../../src/model/access.ts'
import type { Cache } from '../../src/ports/cache.ts'
import type { LogBatch, LogRecord } from '../../src/ports/event-log.ts'
import { pointerKey } from '../../src/warming/cache-key.ts'
import { createEmbeddedCodec } from '../../src/wire/embedded-codec.ts'
import { awayError } from '../support/away-error.ts'
import { anAccessEvent } from '../support/records.ts'

const codec = createEmbeddedCodec()
const running = new AbortController().signal
const changed = (path: string | null, version: string | null, timeMs: number): AccessEvent =>
  anAccessEvent({ accesses: [], changes: [{ path, version, timeMs }] })

async function batchOf(values: readonly (AccessEvent | Uint8Array)[], timestampMs = 1_000): Promise<LogBatch> {
  const records = values.map(async (value, offset): Promise<LogRecord> => {
    const bytes = value instanceof Uint8Array ? value : await codec.encode('access-events', value)
    return { topic: 'access-events', partition: 0, offset, key: 'k', value: bytes, headers: new Map(), timestampMs }
  })
  return { topic: 'access-events', partition: 0, endOffset: values.length, records: await Promise.all(records) }
}

function createPointers(faults: Partial<Cache> = {}) {
  const cache = createMemoryCache({ clock: createSystemClock() })
  const handler = new PointerHandler({ codec, cache: { ...cache, ...faults }, logger: SILENT_LOG, sha256Hex }, 500)
  return { handler, pointer: (path: string | null) => cache.pointer(pointerKey('shop', path, sha256Hex)) }
}

test('changes move the pointers of their path and of the workspace`s revision forward, never back', async () => {
  const { handler, pointer } = createPointers()
  const events = [changed('a', 'v2', 20), changed('a', 'v1', 10), changed(null, 'r7', 20), changed('b', 'v1', 5)]
  expect(await handler.batch(await batchOf(events), running)).toEqual({ next: 4, commit: 4 })
  expect(await Promise.all(['a', 'b', null].map(pointer))).toEqual(['v2', 'v1', 'r7'])
  await handler.batch(await batchOf([changed('b', null, 6)]), running)
  expect(await pointer('b')).toBeNull()
})

test('a change that a clock far ahead has dated keeps none of those out that come after it', async () => {
  const { handler, pointer } = createPointers()
  const dayMs = 86_400_000
  await handler.batch(await batchOf([changed('a', 'ahead', dayMs)], 2_000), running)
  expect(await pointer('a')).toBe('ahead')
  await handler.batch(await batchOf([changed('a', 'next', 3_000)], 3_001), running)
  expect(await pointer('a')).toBe('next')
})

test('a record that cannot be read is passed over: it is ingest that parks it', async () => {
  const { handler, pointer } = createPointers()
  const batch = await batchOf([new Uint8Array([1, 2]), changed('a', 'v1', 1)])
  expect(await handler.batch(batch, running)).toEqual({ next: 2, commit: 2 })
  expect(await pointer('a')).toBe('v1')
})

test('while the cache is away the partition waits at the record', async () => {
  const movePointer = async () => {
    throw awayError('FW_CACHE_UNAVAILABLE')
  }
  const { handler } = createPointers({ movePointer })
  const batch = await batchOf([anAccessEvent(), changed('a', 'v1', 1)])
  expect(await handler.batch(batch, running)).toEqual({ next: 1, commit: 1, pauseMs: 500 })
})
