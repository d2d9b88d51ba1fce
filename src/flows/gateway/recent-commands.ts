/** The latest commands of a session, read from the end of the log: no state, so any gateway can tell. */
import type { Codec } from '../../ports/codec.ts'
import type { EventLog, TopicPartition } from '../../ports/event-log.ts'
import type { WarmCommand } from '../../warming/command.ts'

/** Records of each partition that are looked at. */
const TAIL_RECORDS = 200

/** Commands that are told. */
const COMMANDS_MAX = 50

export async function recentCommands(
  log: EventLog,
  codec: Codec,
  of: { readonly workspace: string; readonly session: string },
): Promise<readonly WarmCommand[]> {
  const partitions = await log.partitions('warm-commands')
  const found = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => tail(log, codec, { topic: 'warm-commands', partition })),
  )
  return found
    .flat()
    .filter((command) => command.workspace === of.workspace && command.session === of.session)
    .sort((left, right) => right.issuedAtMs - left.issuedAtMs)
    .slice(0, COMMANDS_MAX)
}

async function tail(log: EventLog, codec: Codec, partition: TopicPartition): Promise<readonly WarmCommand[]> {
  const { first, end } = await log.bounds(partition)
  const from = Math.max(first, end - TAIL_RECORDS)
  if (from >= end) return []
  const commands: WarmCommand[] = []
  for await (const record of log.read(partition, from)) {
    const decoded = await codec.decode('warm-commands', record.value)
    if (decoded.ok) commands.push(decoded.value)
  }
  return commands
}
