import { readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { deploy, fencesMoved, TALKATIVE } from '../support/deployment.ts'
import { type Redis, startRedis } from '../support/services/redis.ts'
import { createTraffic, newSeed } from '../support/traffic.ts'

const RECORDS = 200
const END_OF_TRANSACTION = Buffer.from('*1\r\n$4\r\nEXEC\r\n')

/**
 * What each crash leaves of the append-only file. Of a transaction that is torn Redis leaves the beginning in the file,
 * to be joined to the next one at the start after that (seen with 7.0.15): half a change of some bucket comes back.
 */
const CRASHES = [
  { kept: 0.97, torn: false, quiet: false },
  { kept: 0.6, torn: false, quiet: true },
  { kept: 0.85, torn: true, quiet: false },
  { kept: 0.99, torn: false, quiet: false },
] as const

/** Cuts the end of the append-only file off, as a crash does to what was not yet on the disk. */
async function cutFile({ folder }: Redis, { kept, torn }: { kept: number; torn: boolean }): Promise<void> {
  const files = await readdir(join(folder, 'appendonlydir'))
  const name = files.find((file) => file.endsWith('.incr.aof'))
  if (name === undefined) throw new Error(`no append-only file among ${files}`)
  const file = join(folder, 'appendonlydir', name)
  const bytes = await readFile(file)
  const at = Math.floor(bytes.length * kept)
  const end = bytes.lastIndexOf(END_OF_TRANSACTION, at) + END_OF_TRANSACTION.length
  await truncate(file, torn ? at : end)
}

it('a Redis that comes back without its last writes is brought up to the log again', async () => {
  const traffic = createTraffic(newSeed())
  const redis = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
  onTestFinished(redis.stop)
  const deployment = await deploy({ modelRedisUrls: [redis.url] })
  onTestFinished(deployment.close)
  const ingest = await deployment.start('ingest', TALKATIVE)
  const lost: number[] = []
  for (const crash of CRASHES) {
    await deployment.append(traffic.take(RECORDS))
    await deployment.drain()
    const before = await deployment.reached()
    await redis.process.kill()
    await cutFile(redis, crash)
    await redis.process.restart()
    lost.push(before - (await deployment.reached()))
    // Where no record comes any more, the owner has to notice by itself.
    if (!crash.quiet) await deployment.append(traffic.take(RECORDS))
    await deployment.drain()
  }
  console.log(`records lost with each crash: ${lost.join(' ')}; fences found behind: ${fencesMoved(ingest).behind}`)
  expect(Math.min(...lost)).toBeGreaterThan(0)
  expect(fencesMoved(ingest).behind).toBeGreaterThan(0)
  await deployment.compareWithOracle()
})
