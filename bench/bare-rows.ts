/** The least that writes rows of a model: pipelined scripts without a fence, a check or a wait. */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createModelKeys, fieldOf } from '../src/adapters/redis/model-keys.ts'
import { toBuffer } from '../src/adapters/redis/script.ts'
import type { RowWrite } from '../src/ports/model-store.ts'

/** Scripts that are under way at once on the one connection. */
const PIPELINED = 16

/** For each hash its number of writes and of deletions, the fields and values to write, the fields to delete. */
const SCRIPT = `
local at = 1
for i = 1, #KEYS do
  local writes, deletions = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, writes do
    redis.call('HSET', KEYS[i], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  for _ = 1, deletions do
    redis.call('HDEL', KEYS[i], ARGV[at])
    at = at + 1
  end
end`

export type BareCall = readonly (string | number | Buffer)[]

/** The arguments of one script that writes these rows under another key prefix. */
export function bareCall(keyPrefix: string, bucket: number, rows: readonly RowWrite[]): BareCall {
  const keys = createModelKeys(keyPrefix, '1')
  const hashes = Map.groupBy(rows, (row) => keys.rows({ bucket, ...row }))
  const call: (string | number | Buffer)[] = [hashes.size, ...hashes.keys()]
  for (const ofHash of hashes.values()) {
    const deletions = ofHash.filter(({ value }) => value === null)
    call.push(ofHash.length - deletions.length, deletions.length)
    for (const { space, shard, row, value } of ofHash) {
      if (value !== null) call.push(fieldOf(space, shard, row), toBuffer(value))
    }
    for (const { space, shard, row } of deletions) call.push(fieldOf(space, shard, row))
  }
  return call
}

/** Runs all calls, so many at once; resolves with the seconds it took. */
export async function runBare(client: Redis, calls: readonly BareCall[]): Promise<number> {
  const digest = createHash('sha1').update(SCRIPT).digest('hex')
  await client.script('LOAD', SCRIPT)
  const startMs = performance.now()
  let next = 0
  const sendOn = async (): Promise<void> => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      await client.call('evalsha', [digest, ...call])
    }
  }
  await Promise.all(Array.from({ length: PIPELINED }, sendOn))
  return (performance.now() - startMs) / 1_000
}
