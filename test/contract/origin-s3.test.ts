import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createS3Origin } from '../../src/adapters/origins/s3/origin.ts'
import { type S3Server, startS3 } from '../support/services/s3.ts'
import { describeOrigin } from './origin.contract.ts'

const { signal } = new AbortController()
const limits = { bytesMax: 1_000_000, signal }
const REGION = 'us-east-1'

let server: S3Server
let client: S3Client
let buckets = 0

// Building the server for the first time takes some minutes.
beforeAll(async () => {
  server = await startS3()
  const { accessKeyId, secretAccessKey } = server.credentials
  // As a deployment gives them: through the SDK's own chain.
  process.env['AWS_ACCESS_KEY_ID'] = accessKeyId
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey
  client = new S3Client({ endpoint: server.endpoint, region: REGION, forcePathStyle: true })
}, 900_000)

afterAll(async () => {
  client?.destroy()
  await server?.stop()
})

async function makeBucket(files: ReadonlyMap<string, Uint8Array | string>, prefix = ''): Promise<string> {
  buckets += 1
  const bucket = `forewarm-${buckets}`
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  for (const [path, content] of files) await put(bucket, `${prefix}${path}`, content)
  return bucket
}

const put = (bucket: string, key: string, content: Uint8Array | string) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }))

const open = (bucket: string, prefix = '', endpoint = server.endpoint) =>
  createS3Origin({ bucket, prefix, endpoint, region: REGION, pathStyle: true })

const listed = async (origin: ReturnType<typeof open>) => {
  const entries = []
  for await (const entry of origin.list(signal)) entries.push(entry)
  return entries
}

for (const prefix of ['', 'work/spaces/shop/']) {
  describeOrigin(`S3, prefix ${JSON.stringify(prefix)}`, async (files) => {
    const bucket = await makeBucket(files, prefix)
    if (prefix !== '') await put(bucket, 'work/spaces/other/secret', 'SECRET')
    const origin = open(bucket, prefix)
    return { origin, stop: () => origin.close() }
  })
}

test('what lies beside the prefix is neither listed nor read', async () => {
  const bucket = await makeBucket(
    new Map([
      ['shop/a', 'one'],
      ['shop-beside/b', 'SECRET'],
      ['c', 'SECRET'],
    ]),
  )
  const origin = open(bucket, 'shop/')
  expect((await listed(origin)).map(({ path }) => path)).toEqual(['a'])
  expect(await origin.read('c', limits)).toEqual({ outcome: 'missing' })
  expect(await origin.read('../c', limits)).toEqual({ outcome: 'denied', detail: 'path' })
  await origin.close()
})

test('a listing of more than one page is whole, with ETags that change when the object does', async () => {
  const files = new Map(Array.from({ length: 1_100 }, (_, at) => [`f${at}`, 'x']))
  const bucket = await makeBucket(new Map())
  const entries = [...files]
  for (let at = 0; at < entries.length; at += 50) {
    await Promise.all(entries.slice(at, at + 50).map(([path, content]) => put(bucket, path, content)))
  }
  const origin = open(bucket)
  const before = new Map((await listed(origin)).map(({ path, signature }) => [path, signature]))
  expect(before.size).toBe(1_100)
  await put(bucket, 'f7', 'changed')
  await put(bucket, 'folder/', '')
  const after = await listed(origin)
  expect(after).toHaveLength(1_100)
  expect(after.filter(({ path, signature }) => signature !== before.get(path)).map(({ path }) => path)).toEqual(['f7'])
  await origin.close()
})

test('a version is told by a look while the object is the one that was read, also in a bucket that keeps versions', async () => {
  for (const versioned of [false, true]) {
    const bucket = await makeBucket(new Map())
    const VersioningConfiguration = { Status: 'Enabled' } as const
    if (versioned) await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }))
    await put(bucket, 'a', 'one')
    const origin = open(bucket)
    expect(await origin.version('a', signal)).toBeNull()
    const got = await origin.read('a', limits)
    expect(await origin.version('a', signal)).toBe(got.outcome === 'read' && got.file.version)
    await put(bucket, 'a', 'two')
    expect(await origin.version('a', signal)).toBeNull()
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }))
    expect(await origin.read('a', limits)).toEqual({ outcome: 'missing' })
    expect(await origin.version('a', signal)).toBeNull()
    await origin.close()
  }
})

test('a bucket that is not there, wrong credentials and a server that is away are no missing files', async () => {
  const away = open('forewarm-none')
  await expect(away.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: true })
  await expect(listed(away)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  await away.close()
  const nobody = open('forewarm-1', '', 'http://127.0.0.1:9')
  await expect(nobody.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE', retriable: true })
  await nobody.close()
  const bucket = await makeBucket(new Map([['a', 'one']]))
  const { secretAccessKey } = server.credentials
  process.env['AWS_SECRET_ACCESS_KEY'] = 'another'
  const stranger = open(bucket)
  await expect(stranger.read('a', limits)).rejects.toMatchObject({ code: 'FW_ORIGIN_UNAVAILABLE' })
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey
  await stranger.close()
})

test('a server that stops answering is given up with the signal', async () => {
  const bucket = await makeBucket(new Map([['a', 'one']]))
  const origin = open(bucket)
  expect(await origin.read('a', limits)).toMatchObject({ outcome: 'read' })
  server.process.pause()
  try {
    const reading = origin.read('a', { bytesMax: 10, signal: AbortSignal.timeout(200) })
    await expect(reading).rejects.toMatchObject({ name: 'TimeoutError' })
  } finally {
    server.process.resume()
  }
  expect(await origin.read('a', limits)).toMatchObject({ outcome: 'read' })
  await origin.close()
})
