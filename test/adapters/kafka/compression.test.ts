import { gzipSync, zstdCompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import { beforeAll, describe, expect, it } from 'vitest'
import { registerCodecs } from '../../../src/adapters/kafka/compression.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs

describe.each([
  ['gzip', () => CompressionCodecs[CompressionTypes.GZIP](), gzipSync],
  ['zstd', () => CompressionCodecs[CompressionTypes.ZSTD](), zstdCompressSync],
])('%s', (_name, codecOf, pack) => {
  beforeAll(() => registerCodecs())

  it('gives back what it packed', async () => {
    const codec = codecOf()
    const buffer = Buffer.from('src/model/access.ts '.repeat(1_000))
    const packed = await codec.compress({ buffer })
    expect(packed.length).toBeLessThan(buffer.length / 10)
    expect(await codec.decompress(packed)).toEqual(buffer)
  })

  it('refuses a small message that unpacks to more than memory should hold', async () => {
    const bomb = pack(Buffer.alloc(65 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    await expect(codecOf().decompress(bomb)).rejects.toThrow(/larger than/)
  })
})
