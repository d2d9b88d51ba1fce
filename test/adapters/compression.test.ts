import { randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { pack, unpack } from '../../src/adapters/compression.ts'

test('text is packed and comes back, noise and short values are left as they are', async () => {
  const text = Buffer.from('export const answer = 42\n'.repeat(500))
  const packed = await pack(text)
  expect(packed.compression).toBe('zstd')
  expect(packed.payload.length).toBeLessThan(text.length / 10)
  expect(Buffer.from((await unpack({ ...packed, valueBytes: text.length })) ?? []).equals(text)).toBe(true)
  for (const value of [randomBytes(5_000), Buffer.alloc(255), new Uint8Array()]) {
    expect(await pack(value)).toEqual({ compression: 'none', payload: value })
  }
})

test('a payload that unpacks to another length than it says, or not at all, is damaged', async () => {
  const payload = zstdCompressSync(Buffer.alloc(1_000, 'a'))
  for (const valueBytes of [0, 1, 999, 1_001])
    expect(await unpack({ compression: 'zstd', payload, valueBytes })).toBeNull()
  const cut = payload.subarray(0, payload.length - 2)
  expect(await unpack({ compression: 'zstd', payload: cut, valueBytes: 1_000 })).toBeNull()
  expect(await unpack({ compression: 'zstd', payload: randomBytes(50), valueBytes: 1_000 })).toBeNull()
})

test('a few bytes that would unpack to a hundred megabytes allocate no more than they declare', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(100 * 1_024 * 1_024))
  const before = process.memoryUsage.rss()
  expect(await unpack({ compression: 'zstd', payload: bomb, valueBytes: 4_096 })).toBeNull()
  expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1_024 * 1_024)
})
