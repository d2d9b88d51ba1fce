import { setTimeout as delay } from 'node:timers/promises'
import { ForewarmError } from '../../ports/errors.ts'
import type { StartPosition, TopicPartition } from '../../ports/event-log.ts'
import { checkPosition } from '../log-position.ts'
import type { DirectCluster } from './direct.ts'
import type { TopicNames } from './records.ts'

/** Pause before brokers that are away are asked again. */
const AGAIN_MS = 1_000

type Group = { readonly direct: DirectCluster; readonly names: TopicNames; readonly groupId: string }
type Wanted = { readonly partition: TopicPartition; readonly position: StartPosition | undefined }
type Patience = {
  /** False once the assignment is over. */
  readonly goesOn: () => boolean
  /** Called before each wait for brokers that are away. */
  readonly onWait: () => void
}

/** The offsets to start at, in order. Goes on asking while the brokers are away; null once the assignment is over. */
export async function resolveStarts(
  group: Group,
  wanted: readonly Wanted[],
  { goesOn, onWait }: Patience,
): Promise<readonly number[] | null> {
  while (goesOn()) {
    try {
      return await Promise.all(wanted.map((one) => startOf(group, one)))
    } catch (error) {
      if (!(error instanceof ForewarmError) || !error.retriable) throw error
      onWait()
      await delay(AGAIN_MS)
    }
  }
  return null
}

async function startOf({ direct, names, groupId }: Group, { partition, position }: Wanted): Promise<number> {
  const named = { topic: names.nameOf(partition.topic), partition: partition.partition }
  const committed = position === 'committed' ? await direct.committed(groupId, named) : null
  return checkPosition(partition, position, { ...(await direct.bounds(named)), committed })
}
