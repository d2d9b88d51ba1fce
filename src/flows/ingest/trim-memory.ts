import type { Partition } from './partition.ts'

/**
 * Gives shards back that no batch uses, those that were used longest ago first, until at most `filesMax` files are
 * held.
 */
export function trimMemory(partitions: readonly Partition[], filesMax: number): void {
  const held = partitions.flatMap((partition) => partition.heldShards())
  let files = held.reduce((sum, shard) => sum + shard.files, 0)
  if (files <= filesMax) return
  for (const { bucket, key, files: freed } of held.sort((one, other) => one.usedAt - other.usedAt)) {
    bucket.shards.delete(key)
    files -= freed
    if (files <= filesMax) return
  }
}
